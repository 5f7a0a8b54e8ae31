using System.Numerics;

namespace ColdPages;

/// <summary>
/// What the idle bitmap cannot show: a page that stayed marked may still have become another. Migration takes the mark along, perhaps onto a frame that was given up just before; a folio that is split keeps its first
/// page's mark and loses pages. The kernel counts both, and the counts bound how many pages can be wrong.
/// </summary>
internal sealed class HiddenMoves(KernelFiles files)
{
    // Up to a thousandth of what is tracked it stays a doubt; beyond, it is asked again.
    private const int Tolerance = 1000;

    private readonly FolioSplits _splits = new(files);
    private readonly int _hugeOrder = BitOperations.Log2((uint)files.PageSize / sizeof(ulong));

    // What no question could clear up, by the mark of the pass that had it: it matters for as long as ages reach back to that.
    private readonly long[] _unclear = new long[PassMark.Count];
    private Counts? _before;
    private Counts _during;
    private long _migrated;

    // As _migrated and for splits, since the large folios were last asked about.
    private long _migratedToLarge;
    private long _split;

    // Read when the last pass that ended well began.
    private Counts? _lastBegun;
    private bool _countsFolios;

    /// <summary>Whether the counts could be read; without them nothing is known of moves.</summary>
    public bool IsKnown { get; private set; }

    /// <summary>
    /// Folios that came to their frames without a page fault, or more, since the last pass that ended well began: from swap, from other frames, out of smaller
    /// ones; null where that is not known.
    /// </summary>
    public long? Arrived { get; private set; }

    /// <summary>As many pages as may be told older than they are; there need not be so many at all.</summary>
    /// <param name="largePages">Tracked pages of folios that have several.</param>
    public long DoubtfulPages(long largePages)
    {
        long pages = _migrated + _split + _during.Migrated + _during.Split + Covered(_migratedToLarge + _during.Migrated, largePages);
        foreach (long unclear in _unclear)
            pages += unclear;
        return pages;
    }

    /// <summary>Begins a pass: what has to be asked about again.</summary>
    public AskAgain Begin(byte mark, long trackedPages, long largePages)
    {
        _unclear[mark] = 0;
        _during = default;
        Counts? now = Read();
        IsKnown = now is not null;
        if (now is { } read)
        {
            // With no count to begin with, any page may have moved since it was first seen idle.
            Counts since = _before is { } before ? read - before : new Counts(trackedPages, 0, 0, 0);
            _migrated += since.Migrated;
            _migratedToLarge += since.Migrated;
            // Not cut off at what is tracked: pages that were marked and not tracked yet lose their accessed bits by a split too, and come as idle in this pass.
            _split += since.Split;
            _before = now;
        }

        return _migrated * Tolerance > trackedPages ? AskAgain.All
            : (_split + Covered(_migratedToLarge, largePages)) * Tolerance > trackedPages ? AskAgain.Large
            : AskAgain.None;
    }

    /// <summary>It was asked again, and what is another now starts anew.</summary>
    public void Clear(byte mark, AskAgain asked)
    {
        if (asked == AskAgain.None)
            return;

        // A split throws away what the accessed bits of page cache said, and of what its pages are now nothing tells.
        _unclear[mark] = _split;
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
        Arrived = (now - _lastBegun)?.Arrived;
        _lastBegun = IsKnown ? _before : null;
    }

    // A page that comes to where a large folio began makes all its pages wrong.
    private long Covered(long migrated, long largePages) => Math.Min(largePages, migrated << _hugeOrder);

    private Counts? Read()
    {
        if (VmStat.Read(files) is not { } stat)
            return null;

        // The two ways to count splits are not the same: one must not be taken for the other from one pass to the next.
        long? split = _splits.ReadPages();
        if (split is null && _countsFolios)
            return null;
        _countsFolios = split is not null;
        return new Counts(stat.PagesMigrated, split ?? stat.HugePagesSplit << _hugeOrder, stat.PagesSwappedIn, stat.HugePagesCollapsed);
    }

    private readonly record struct Counts(long Migrated, long Split, long SwappedIn, long Collapsed)
    {
        public long Arrived => Migrated + Split + SwappedIn + Collapsed;

        public static Counts operator -(Counts a, Counts b) => new(
            a.Migrated - b.Migrated, Math.Max(0, a.Split - b.Split), a.SwappedIn - b.SwappedIn, a.Collapsed - b.Collapsed);
    }
}
