namespace ColdPages;

/// <summary>
/// Pages of the whole host that came among the oldest generations, or left them, though no touch did it, while a pass made its generations: whose they were the kernel does not tell, so they count against each memcg. By /proc/vmstat.
/// </summary>
internal sealed class GenerationFlows(KernelFiles files)
{
    // Where the kernel does not tell, or reclaim came by: any number, and room to add some of them up.
    private const long Any = long.MaxValue / 256;

    private VmStat? _begun;
    private long? _swappedInBefore;
    private long? _swappedIn;
    private long? _migrated;
    private long _migratedLately;
    private long _isolated;

    /// <summary>Pages that came back from swap since the pass before made its generations.</summary>
    public long SwappedIn { get; private set; }

    /// <summary>Pages that came back from swap since this pass began to make them: they are among the oldest, and were just touched.</summary>
    public long SwappedInLate { get; private set; }

    /// <summary>
    /// Pages that may have come back among the old ones since the pass before: they were on no list then. A page that is migrated is on none until the batch that it waits in is full, which may be in the next interval.
    /// </summary>
    public long Returned { get; private set; }

    /// <summary>Pages that may have left their generations while they were made.</summary>
    public long Departed { get; private set; }

    /// <summary>Before anything is read.</summary>
    public void Begin() => _begun = VmStat.Read(files);

    /// <summary>When the old generations were read, before the first command.</summary>
    public void Command()
    {
        long? swappedIn = VmStat.Read(files)?.PagesSwappedIn;
        SwappedIn = Since(_swappedInBefore, swappedIn);
        _swappedInBefore = _swappedIn = swappedIn;
    }

    /// <summary>When the new ones were read.</summary>
    public void End()
    {
        VmStat? ended = VmStat.Read(files);
        SwappedInLate = Since(_swappedIn, ended?.PagesSwappedIn);

        // Where reclaim came by any may have left: it moves pages from one generation to another. A page that is freed, reclaimed or merged is counted as free, one that is locked or given up as that.
        Departed = _begun is { } before && ended is { } after && before.PagesScanned == after.PagesScanned
            ? Math.Max(0, after.PagesDeparted - before.PagesDeparted) + after.PagesIsolated
            : Any;
        long migrated = Since(_migrated, ended?.PagesMigrated);
        Returned = migrated + _migratedLately + _isolated;
        (_migrated, _migratedLately, _isolated) = (ended?.PagesMigrated, migrated, ended?.PagesIsolated ?? 0);
    }

    private static long Since(long? before, long? after) => after - before is { } pages ? Math.Max(0, pages) : Any;
}
