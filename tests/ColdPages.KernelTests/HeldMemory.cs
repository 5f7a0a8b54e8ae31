namespace ColdPages.KernelTests;

/// <summary>A workload that holds memory of one kind, in a cgroup of its own, with all that this kind needs around it.</summary>
internal sealed class HeldMemory : IDisposable
{
    private readonly Stack<IDisposable> _owned = new();

    private HeldMemory(string kind) => Pages = kind switch
    {
        "shmem" => PageKind.Shmem,
        "file" or "read" => PageKind.File,
        _ => PageKind.Anon,
    };

    /// <summary>The kind as a source tells it.</summary>
    public PageKind Pages { get; }

    public string Memcg => Cgroup.Path;

    public Cgroup Cgroup { get; private set; } = null!;

    public HoldWorkload Workload { get; private set; } = null!;

    /// <summary>
    /// The kind is one of hold.c's, or "mthp": huge pages of 64 KiB. Where both are wanted "thp" has to be started first. The cgroup is made.
    /// </summary>
    public static async Task<HeldMemory> StartAsync(string kind, string memcg, int totalMiB, int hotMiB)
    {
        HeldMemory held = new(kind);
        try
        {
            await held.FillAsync(kind, memcg, totalMiB, hotMiB);
        }
        catch
        {
            held.Dispose();
            throw;
        }

        return held;
    }

    public void Dispose()
    {
        while (_owned.TryPop(out IDisposable? next))
            next.Dispose();
    }

    private async Task FillAsync(string kind, string memcg, int totalMiB, int hotMiB)
    {
        string file = "";
        if (kind == "mthp")
            Own(new HugePagesOf64KiB());
        if (Pages == PageKind.File)
            file = Path.Combine(Own(Ext4Volume.Mount(totalMiB + 100)).MountPoint, "held");
        Cgroup = Own(new Cgroup(memcg));
        Workload = Own(await HoldWorkload.StartAsync(Cgroup, kind == "mthp" ? "thp" : kind, totalMiB, hotMiB, file));

        // Without these it would hold small pages, and prove nothing.
        if (kind == "thp")
            Truth.AssertNear(totalMiB, Workload.HugeBytes, "in huge pages of 2 MiB");
        if (kind == "mthp")
            Truth.AssertNear(totalMiB, HugePagesOf64KiB.Bytes, "in huge pages of 64 KiB");
    }

    private T Own<T>(T owned)
        where T : IDisposable
    {
        _owned.Push(owned);
        return owned;
    }
}
