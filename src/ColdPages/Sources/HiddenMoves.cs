using System.Numerics;

namespace ColdPages;

/// <summary>
/// What the idle bitmap cannot show: a page that stayed marked may still have become another. Migration takes the mark along, perhaps onto a frame that was given up just before; a folio that is split keeps its first
/// page's mark and loses pages; a mapping that goes takes along what its accessed bit said, where that of a huge page is split and where a collapse of small pages of files or of shared memory fails. The kernel counts all of these,
/// and the counts bound how many pages can be wrong.
/// </summary>
internal sealed class HiddenMoves(KernelFiles files)
{
    // Up to a thousandth of what is tracked it stays a doubt; beyond, it is asked again.
    private const int Tolerance = 1000;

    private readonly DirectoryListing _sizes = new();
    private readonly int _hugeOrder = BitOperations.Log2((uint)files.PageSize / sizeof(ulong));

    // Pages that migrations and splits may have made others, and that questions left so.
    private readonly DoubtsByPass _unclear = new();

    // Mappings that were split, and collapses that failed: no question brings a lost touch back.
    private readonly DoubtsByPass _mappingsSplit = new();
    private readonly DoubtsByPass _failedCollapses = new();
    private Counts? _before;
    private Counts _during;
    private long _migrated;

    // As _migrated and for splits, since the large folios were last asked about.
    private long _migratedToLarge;
    private long _split;

    // Pages that are being migrated, or may be: as many as were ever off their lists, until as many have been counted or none is off its list any more.
    private long _underway;
    private long _migratedBefore;

    // Read when the last pass that ended well began.
    private Counts? _lastBegun;
    private bool _countsFolios;
    private Ksm _merging;
    private Ksm _mergingLastBegun;

    /// <summary>Whether the counts could be read; without them nothing is known of moves.</summary>
    public bool IsKnown { get; private set; }

    /// <summary>
    /// Folios that came to their frames without a page fault, or more, since the last pass that ended well began: from swap, from other frames, out of smaller
    /// ones; null where that is not known.
    /// </summary>
    public long? Arrived { get; private set; }

    /// <summary>Pages that came to other frames since then, or more; null where that is not known.</summary>
    public long? Moved { get; private set; }

    /// <summary>As many pages as may be told older than they are; there need not be so many at all.</summary>
    public long DoubtfulPages(TrackedPages tracked)
    {
        long pages = _migrated + _split + _during.Migrated + _during.Split + InLargeFolios(_migratedToLarge + _during.Migrated, tracked);

        // Most that are off their lists for a moment are not to be moved at all: that each comes to where a large folio began is not assumed of them.
        pages += _underway + _unclear.Total;
        pages += InMappings(_during.MappingsSplit + _mappingsSplit.Total, tracked) + InCollapses(_during.FailedCollapses + _failedCollapses.Total, tracked);
        return Math.Min(pages, tracked.All);
    }

    /// <summary>Begins a pass: what has to be asked about again.</summary>
    public AskAgain Begin(byte mark, TrackedPages tracked)
    {
        _unclear.Begin(mark);
        _mappingsSplit.Begin(mark);
        _failedCollapses.Begin(mark);
        _merging = Ksm.Read(files);
        _during = default;
        Counts? now = Read();
        IsKnown = now is not null;
        if (now is { } read)
        {
            // With no count to begin with, any page may have moved since it was first seen idle.
            Counts since = _before is { } before ? read - before : new Counts { Migrated = tracked.All };
            _migrated += since.Migrated;
            _migratedToLarge += since.Migrated;

            // Not cut off at what is tracked: pages that were marked and not tracked yet lose their accessed bits by a split too, and come as idle in this pass.
            _split += since.Split;
            _mappingsSplit.Add(mark, since.MappingsSplit);
            _failedCollapses.Add(mark, since.FailedCollapses);
            _before = now;
        }

        return _migrated * Tolerance > tracked.All ? AskAgain.All
            : (_split + InLargeFolios(_migratedToLarge, tracked)) * Tolerance > tracked.All ? AskAgain.Large
            : AskAgain.None;
    }

    /// <summary>It was asked again, and what is another now starts anew.</summary>
    public void Clear(byte mark, AskAgain asked)
    {
        if (asked == AskAgain.None)
            return;

        // A split throws away what the accessed bits of page cache said, and of what its pages are now nothing tells.
        _unclear.Add(mark, _split);
        _split = 0;
        _migratedToLarge = 0;
        if (asked != AskAgain.All)
            return;

        // A page that came by migration to a frame of its own owner, kind and size cannot be told from the one before it. Those that were found to be others are not taken off: they may have
        // come there without a migration.
        _unclear.Add(mark, _migrated);
        _migrated = 0;
    }

    /// <summary>Ends a pass: what moved while it ran is a doubt until the next one.</summary>
    public void End()
    {
        Counts? now = IsKnown ? Read() : null;
        IsKnown = now is not null;
        _during = now - _before ?? default;

        // A page that KSM finds to be the same as another is mapped in its place as one just touched.
        Counts? since = now - _lastBegun;
        Arrived = Ksm.Read(files).MayHaveMergedSince(_mergingLastBegun) || _merging.IsRunning ? null : since?.Arrived + _underway;
        Moved = since?.Moved + _underway;
        _lastBegun = IsKnown ? _before : null;
        _mergingLastBegun = _merging;
    }

    // A page that comes to where a large folio began makes all its pages wrong.
    private long InLargeFolios(long migrated, TrackedPages tracked) => Math.Min(tracked.Large, migrated << _hugeOrder);

    // __split_huge_pmd_locked in mm/huge_memory.c: anonymous memory goes on to be mapped by small entries with the same accessed bit; page cache and shared memory are unmapped, and
    // their bit is kept as a flag that the idle bitmap does not look at.
    private long InMappings(long split, TrackedPages tracked) => Math.Min(tracked.LargeFile, split << _hugeOrder);

    // collapse_file in mm/khugepaged.c: page cache and shared memory are unmapped first, what their accessed bits said is lost, and where it then gives up the small pages are as idle as before. Of anonymous memory the
    // accessed bits come back.
    private long InCollapses(long failed, TrackedPages tracked) => Math.Min(tracked.File, failed << _hugeOrder);

    private Counts? Read()
    {
        if (VmStat.Read(files) is not { } stat)
            return null;

        // The two ways to count splits are not the same: one must not be taken for the other from one pass to the next.
        FolioStats? folios = FolioStats.Read(files, _sizes);
        if (folios?.SplitPages is null && _countsFolios)
            return null;
        _countsFolios = folios?.SplitPages is not null;
        if (stat.PagesIsolated == 0 || stat.PagesMigrated - _migratedBefore >= _underway)
            _underway = 0;
        if (stat.PagesIsolated > _underway)
            (_underway, _migratedBefore) = (stat.PagesIsolated, stat.PagesMigrated);

        // The largest size may be in both counts of collapses; counted twice it only makes less of what is promoted certain.
        return new Counts
        {
            Migrated = stat.PagesMigrated,
            Split = folios?.SplitPages ?? stat.HugePagesSplit << _hugeOrder,
            SwappedIn = stat.PagesSwappedIn,
            Collapses = stat.HugeCollapseAllocs + (folios?.CollapseAllocs ?? 0),
            CollapsePages = (stat.HugeCollapseAllocs << _hugeOrder) + (folios?.CollapseAllocPages ?? 0),
            HugeCollapses = stat.HugeCollapseAllocs,
            KhugepagedCollapses = folios?.KhugepagedCollapses ?? 0,
            MappingsSplit = stat.HugeMappingsSplit,
        };
    }

    private readonly record struct Counts
    {
        public long Migrated { get; init; }

        public long Split { get; init; }

        public long SwappedIn { get; init; }

        /// <summary>Collapses that were begun, of every size, and the pages of what they were to make.</summary>
        public long Collapses { get; init; }

        public long CollapsePages { get; init; }

        /// <summary>Those of them to the size that page cache and shared memory are collapsed to, and how many khugepaged brought about.</summary>
        public long HugeCollapses { get; init; }

        public long KhugepagedCollapses { get; init; }

        /// <summary>Collapses that may have failed, or more: where a program has one done (MADV_COLLAPSE) nobody counts whether it came about.</summary>
        public long FailedCollapses => Math.Max(0, HugeCollapses - KhugepagedCollapses);

        public long MappingsSplit { get; init; }

        public long Arrived => Migrated + Split + SwappedIn + Collapses;

        public long Moved => Migrated + Split + SwappedIn + CollapsePages;

        public static Counts operator -(Counts a, Counts b) => new()
        {
            Migrated = a.Migrated - b.Migrated,
            Split = Math.Max(0, a.Split - b.Split),
            SwappedIn = a.SwappedIn - b.SwappedIn,
            Collapses = Math.Max(0, a.Collapses - b.Collapses),
            CollapsePages = Math.Max(0, a.CollapsePages - b.CollapsePages),
            HugeCollapses = a.HugeCollapses - b.HugeCollapses,
            KhugepagedCollapses = a.KhugepagedCollapses - b.KhugepagedCollapses,
            MappingsSplit = a.MappingsSplit - b.MappingsSplit,
        };
    }
}
