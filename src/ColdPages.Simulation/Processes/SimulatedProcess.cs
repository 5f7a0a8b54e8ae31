namespace ColdPages.Simulation;

/// <summary>
/// A process: what it maps, and the memcg that it is in, which need not be the one that its memory is charged to. Each memcg has one of its own from the start, which maps
/// whatever is touched without saying by whom; that one has no bit of its own.
/// </summary>
internal sealed class SimulatedProcess(int pid, SimulatedMemcg memcg, ulong bit)
{
    /// <summary>Of a memcg's own process, among those that map a folio of that memcg.</summary>
    public const ulong OwnBit = 1;

    private readonly long[] _pages = new long[3];
    private SimulatedMemcg _memcg = memcg;

    public int Pid => pid;

    /// <summary>Where it was started.</summary>
    public SimulatedMemcg Home { get; } = memcg;

    /// <summary>Its bit among those that map a folio.</summary>
    public ulong Bit => bit;

    /// <summary>Where it is; of one that was removed its processes have been moved away before.</summary>
    public SimulatedMemcg Memcg { get => _memcg.Living; set => _memcg = value; }

    /// <summary>Whether it holds its mmap_lock, as one does that maps, unmaps or protects memory.</summary>
    public bool IsBusy { get; set; }

    /// <summary>Pages that it maps: RssAnon, RssFile and RssShmem of its status.</summary>
    public long Mapped(PageKind kind) => _pages[(int)kind];

    public void Count(PageKind kind, long pages) => _pages[(int)kind] += pages;
}
