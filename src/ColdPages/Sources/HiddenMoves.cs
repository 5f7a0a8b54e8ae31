using System.Numerics;

namespace ColdPages;

/// <summary>
/// What the idle bitmap cannot show: a page that stayed marked may still have become another. Migration takes the mark along, perhaps onto a frame that was given up just before; a folio that is split keeps its first
/// page's mark and loses pages; a mapping that goes takes along what its accessed bit said, where that of a huge page is split and where small pages of files or of shared memory are to be joined and then are not. The kernel counts
/// all of these, and the counts bound how many pages can be wrong.
/// </summary>
internal sealed class HiddenMoves(KernelFiles files)
{
    // Up to a thousandth of what is tracked it stays a doubt; beyond, it is asked again.
    private const int Tolerance = 1000;

    private readonly FolioStats _folios = new(files);
    private readonly int _hugeOrder = BitOperations.Log2((uint)files.PageSize / sizeof(ulong));

    // What no question could clear up, by the mark of the pass that had it: it matters for as long as ages reach back to that.
    private readonly long[] _unclear = new long[PassMark.Count];

    // Likewise of mappings that were split: no question brings a lost touch back.
    private readonly long[] _mappingsSplit = new long[PassMark.Count];

    // Likewise of small pages that were to be joined.
    private readonly long[] _notJoined = new long[PassMark.Count];
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
        pages += _underway;
        foreach (long unclear in _unclear)
            pages += unclear;
        long mappings = _during.MappingsSplit;
        foreach (long split in _mappingsSplit)
            mappings += split;
        long notJoined = _during.NotJoined;
        foreach (long failed in _notJoined)
            notJoined += failed;
        return Math.Min(pages + InMappings(mappings, tracked) + Math.Min(tracked.File, notJoined << _hugeOrder), tracked.All);
    }

    /// <summary>Begins a pass: what has to be asked about again.</summary>
    public AskAgain Begin(byte mark, TrackedPages tracked)
    {
        _unclear[mark] = _mappingsSplit[mark] = _notJoined[mark] = 0;
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
            _mappingsSplit[mark] = since.MappingsSplit;
            _notJoined[mark] = since.NotJoined;
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
        _unclear[mark] += _split;
        _split = 0;
        _migratedToLarge = 0;
        if (asked != AskAgain.All)
            return;

        // A page that came by migration to a frame of its own owner, kind and size cannot be told from the one before it. Those that were found to be others are not taken off: they may have
        // come there without a migration.
        _unclear[mark] += _migrated;
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

    private long ReadJoined()
    {
        using FileText text = FileText.Rent();
        return text.Load(files, "/sys/kernel/mm/transparent_hugepage/khugepaged/pages_collapsed"u8) == Errno.None ? KeyedNumber.ParseSingle(text.Bytes) ?? 0 : 0;
    }

    private Counts? Read()
    {
        if (VmStat.Read(files) is not { } stat)
            return null;

        // The two ways to count splits are not the same: one must not be taken for the other from one pass to the next.
        long? split = _folios.ReadSplit();
        if (split is null && _countsFolios)
            return null;
        _countsFolios = split is not null;
        if (stat.PagesIsolated == 0 || stat.PagesMigrated - _migratedBefore >= _underway)
            _underway = 0;
        if (stat.PagesIsolated > _underway)
            (_underway, _migratedBefore) = (stat.PagesIsolated, stat.PagesMigrated);
        // The largest size may be in both; counted twice it only makes less of what is promoted certain.
        long? joinedPages = _folios.ReadCollapsed(out long joined);
        return new Counts
        {
            Migrated = stat.PagesMigrated,
            Split = split ?? stat.HugePagesSplit << _hugeOrder,
            SwappedIn = stat.PagesSwappedIn,
            Collapsed = stat.HugePagesCollapsed + joined,
            CollapsedPages = (stat.HugePagesCollapsed << _hugeOrder) + (joinedPages ?? 0),
            HugeCollapsed = stat.HugePagesCollapsed,
            Joined = ReadJoined(),
            MappingsSplit = stat.HugeMappingsSplit,
        };
    }

    private readonly record struct Counts
    {
        public long Migrated { get; init; }

        public long Split { get; init; }

        public long SwappedIn { get; init; }

        public long Collapsed { get; init; }

        public long CollapsedPages { get; init; }

        /// <summary>Those of <see cref="Collapsed"/> that are of the size that a page table's upper level maps: what page cache and shared memory are joined to.</summary>
        public long HugeCollapsed { get; init; }

        /// <summary>Those of them that khugepaged brought about; where a program had it done (MADV_COLLAPSE) nobody counts that.</summary>
        public long Joined { get; init; }

        /// <summary>
        /// Those of them that may have come to nothing: collapse_file in mm/khugepaged.c unmaps the small pages first, what their accessed bits said is lost, and where it then gives up they are as idle as before. Of anonymous
        /// memory the accessed bits come back.
        /// </summary>
        public long NotJoined => Math.Max(0, HugeCollapsed - Joined);

        public long MappingsSplit { get; init; }

        public long Arrived => Migrated + Split + SwappedIn + Collapsed;

        public long Moved => Migrated + Split + SwappedIn + CollapsedPages;

        public static Counts operator -(Counts a, Counts b) => new()
        {
            Migrated = a.Migrated - b.Migrated,
            Split = Math.Max(0, a.Split - b.Split),
            SwappedIn = a.SwappedIn - b.SwappedIn,
            Collapsed = Math.Max(0, a.Collapsed - b.Collapsed),
            CollapsedPages = Math.Max(0, a.CollapsedPages - b.CollapsedPages),
            HugeCollapsed = a.HugeCollapsed - b.HugeCollapsed,
            Joined = a.Joined - b.Joined,
            MappingsSplit = a.MappingsSplit - b.MappingsSplit,
        };
    }
}
