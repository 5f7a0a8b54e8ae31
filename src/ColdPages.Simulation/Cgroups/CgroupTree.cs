namespace ColdPages.Simulation;

/// <summary>The cgroups that are there, by the path of their folder.</summary>
internal sealed class CgroupTree
{
    public const string MountPoint = "/sys/fs/cgroup";

    private const ulong RootInode = 1;

    private readonly Dictionary<byte[], SimulatedMemcg> _byDirectory = new(ByteStringComparer.Instance);
    private readonly SimulatedHost _host;
    private ulong _nextInode = RootInode;

    public CgroupTree(SimulatedHost host)
    {
        _host = host;
        Root = new SimulatedMemcg(host, null, "/", TakeInode(), hasController: true);
        _byDirectory.Add(Root.Directory, Root);
    }

    public SimulatedMemcg Root { get; }

    /// <summary>Makes a cgroup with those above it that are missing; gives the one that is there, if there is one.</summary>
    public SimulatedMemcg Make(string path, ulong? inode = null, bool hasController = true)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (path[0] != '/')
            throw new ArgumentException($"A memcg's path begins with a slash, and \"{path}\" does not.", nameof(path));
        SimulatedMemcg memcg = Root;
        string[] names = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        for (int i = 0; i < names.Length; i++)
        {
            bool last = i == names.Length - 1;
            memcg = Child(memcg, names[i]) ?? Add(memcg, names[i], last ? inode : null, !last || hasController);
        }

        return memcg;
    }

    public SimulatedMemcg? Find(string path)
    {
        SimulatedMemcg? memcg = Root;
        foreach (string name in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (memcg is null)
                return null;
            memcg = Child(memcg, name);
        }

        return memcg;
    }

    public SimulatedMemcg? FindDirectory(ReadOnlySpan<byte> directory) =>
        _byDirectory.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(directory, out SimulatedMemcg? memcg) ? memcg : null;

    public void Forget(SimulatedMemcg memcg) => _byDirectory.Remove(memcg.Directory);

    private static SimulatedMemcg? Child(SimulatedMemcg memcg, string name)
    {
        foreach (SimulatedMemcg child in memcg.Below)
        {
            if (child.Name == name)
                return child;
        }

        return null;
    }

    private SimulatedMemcg Add(SimulatedMemcg parent, string name, ulong? inode, bool hasController)
    {
        SimulatedMemcg memcg = new(_host, parent, name, inode ?? TakeInode(), hasController && parent.HasController);
        _byDirectory.Add(memcg.Directory, memcg);
        return memcg;
    }

    // The files of a folder have inodes too, those after its own.
    private ulong TakeInode()
    {
        ulong inode = _nextInode;
        _nextInode += (ulong)MemcgFiles.Names.Length + 1;
        return inode;
    }
}
