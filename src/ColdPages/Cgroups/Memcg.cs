namespace ColdPages;

/// <summary>A folder of the memory hierarchy that is there now.</summary>
internal sealed class Memcg
{
    public Memcg(ulong inode, byte[] name, Memcg? parent, byte[] mountPoint)
    {
        Inode = inode;
        Name = name;
        Parent = parent;
        Path = parent is null ? "/"u8.ToArray()
            : parent.Parent is null ? [(byte)'/', .. name]
            : [.. parent.Path, (byte)'/', .. name];
        Directory = parent is null ? mountPoint : [.. parent.Directory, (byte)'/', .. name];
    }

    /// <summary>Inode of its folder, which /proc/kpagecgroup tells pages by.</summary>
    public ulong Inode { get; }

    public byte[] Name { get; }

    public Memcg? Parent { get; }

    public List<Memcg> Children { get; } = [];

    /// <summary>From the mount's root, which is "/".</summary>
    public byte[] Path { get; }

    /// <summary>Its folder on the measured host.</summary>
    public byte[] Directory { get; }

    /// <summary>Its place in arrays that hold a row a memcg; given again after its death.</summary>
    public int Row { get; set; }

    /// <summary>
    /// Whether it has the memory controller. A v2 cgroup may lack it; then nothing below it has it either, and its pages are charged to
    /// the nearest one above that has.
    /// </summary>
    public bool HasController { get; set; }

    /// <summary>The walk of the tree that saw it last.</summary>
    public int SeenAt { get; set; }

    /// <summary>The name as text, made once and shared by all snapshots.</summary>
    public string NameText => field ??= KernelName.ToText(Name);

    public bool IsWithin(Memcg ancestor)
    {
        for (Memcg? memcg = this; memcg is not null; memcg = memcg.Parent)
        {
            if (memcg == ancestor)
                return true;
        }

        return false;
    }
}
