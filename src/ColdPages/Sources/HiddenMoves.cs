using System.Numerics;

namespace ColdPages;

/// <summary>
/// What the idle bitmap cannot show: a page that stayed marked may still have become another. Migration takes the mark along, perhaps onto a frame that was given up just before; a folio that is split keeps its first
/// page's mark and loses pages. The kernel counts both, and the counts bound how many pages can be wrong.
/// </summary>
internal sealed class HiddenMoves(KernelFiles files)
{
    // Up to a thousandth of what is tracked it stays a doubt; beyond, all is asked again.
    private const int Tolerance = 1000;

    private readonly FolioSplits _splits = new(files);
    private readonly int _hugeOrder = BitOperations.Log2((uint)files.PageSize / sizeof(ulong));

    // Migrations that no question could clear up, by the mark of the pass that had them: they matter for as long as ages reach back to it.
    private readonly long[] _unclear = new long[PassMark.Count];
    private (long Migrated, long Split, long SwappedIn)? _before;
    private long _migrated;
    private long _split;
    private long _during;
    private long? _swappedInBefore;
    private bool _countsFolios;

    /// <summary>Whether the counts could be read; without them nothing is known of moves.</summary>
    public bool IsKnown { get; private set; }

    /// <summary>Pages read back from swap since the last pass that ended well began, up to the end of this one; null where that is not known.</summary>
    public long? SwappedIn { get; private set; }

    /// <summary>The most pages that may be told older than they are.</summary>
    public long DoubtfulPages
    {
        get
        {
            long pages = _migrated + _split + _during;
            foreach (long unclear in _unclear)
                pages += unclear;
            return pages;
        }
    }

    /// <summary>Begins a pass: whether all tracked folios have to be asked about again.</summary>
    public bool Begin(byte mark, long trackedPages)
    {
        _unclear[mark] = 0;
        _during = 0;
        (long Migrated, long Split, long SwappedIn)? now = Read();
        IsKnown = now is not null;
        if (now is { } read)
        {
            // With no count to begin with, any page may have moved since it was first seen idle.
            _migrated = Math.Min(trackedPages, _before is { } before ? _migrated + Math.Max(0, read.Migrated - before.Migrated) : trackedPages);
            _split = Math.Min(trackedPages, _split + Math.Max(0, read.Split - (_before ?? read).Split));
            _before = read;
        }

        return (_migrated + _split) * Tolerance > trackedPages;
    }

    /// <summary>All was asked again: so many pages were found to be others, and start anew.</summary>
    public void Clear(byte mark, long found)
    {
        // A page that came by migration to a frame of its own owner, kind and size cannot be told from the one before it.
        _unclear[mark] = Math.Max(0, _migrated - found);
        _migrated = 0;
        _split = 0;
    }

    /// <summary>Ends a pass: what moved while it ran is a doubt until the next one.</summary>
    public void End(long trackedPages)
    {
        (long Migrated, long Split, long SwappedIn)? now = Read();
        SwappedIn = now?.SwappedIn - _swappedInBefore;
        if (now is { } read && _before is { } before)
            _during = Math.Min(trackedPages, read.Migrated - before.Migrated + read.Split - before.Split);
        else
            IsKnown = false;
        _swappedInBefore = IsKnown ? _before?.SwappedIn : null;
    }

    private (long Migrated, long Split, long SwappedIn)? Read()
    {
        if (VmStat.Read(files) is not { } stat)
            return null;
        if (_splits.ReadPages() is { } split)
        {
            _countsFolios = true;
            return (stat.PagesMigrated, split, stat.PagesSwappedIn);
        }

        // The two counts are not the same: one must not be taken for the other from one pass to the next.
        return _countsFolios ? null : (stat.PagesMigrated, stat.HugePagesSplit << _hugeOrder, stat.PagesSwappedIn);
    }
}
