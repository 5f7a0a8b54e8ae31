namespace ColdPages.Simulation;

/// <summary>The frames and folios of a host, and what can happen to them. Each operation does what the kernel's would to flags, lists and counters.</summary>
/// <remarks>Source: mm/page_alloc.c, mm/swap.c, mm/memcontrol.c and mm/page_idle.c of Linux 6.12.</remarks>
internal sealed partial class PhysicalMemory
{
    private readonly SimulatedHost _host;
    private readonly StatCounters _totals = new();
    private readonly long[] _events = new long[(int)VmEvent.Count];
    private readonly List<SimulatedFolio> _addBatch = [];
    private readonly int _batchSize;
    private long _touches;

    public PhysicalMemory(SimulatedHost host, SimulatedHostOptions options)
    {
        _host = host;
        _batchSize = options.FreshBatch;
        PmdOrder = int.Log2(options.PageSize / 8);
        Frames = new FrameTable(options.Frames, PmdOrder);
        FramesPerSection = options.FramesPerSection ?? DefaultSectionBytes(options.PageSize) / options.PageSize;
        Splits = new long[PmdOrder + 1];
        DeferredSplits = new long[PmdOrder + 1];
        TotalFrames = options.Frames;
        LruGenFeatures = options.HasMultiGenLru ? (LruGenFeatures)7 : LruGenFeatures.None;
    }

    public FrameTable Frames { get; }

    /// <summary>The order of a huge page; folios are no larger.</summary>
    public int PmdOrder { get; }

    /// <summary>Folios split, by order: the stats/split files of transparent_hugepage.</summary>
    public long[] Splits { get; }

    /// <summary>Folios put on the list of those to be split, by order.</summary>
    public long[] DeferredSplits { get; }

    /// <summary>Frames that are memory and online.</summary>
    public int TotalFrames { get; private set; }

    /// <summary>A count of the whole host's, folios that no memcg is charged for included.</summary>
    public long Total(MemcgStat stat) => _totals[stat];

    public long Events(VmEvent vmEvent) => _events[(int)vmEvent];

    /// <summary>All folios of user memory, by frame.</summary>
    public IEnumerable<SimulatedFolio> Folios()
    {
        for (int frame = 0; frame < Frames.MaxPfn; frame++)
        {
            if (Frames.FolioAt(frame) is not { } folio)
                continue;
            if (folio.Use == FolioUse.User)
                yield return folio;
            frame = folio.Frame + folio.Pages - 1;
        }
    }

    /// <summary>
    /// A fresh folio, touched by whoever asked for it. Anonymous memory and shmem come by a page fault, which maps them; page cache comes by
    /// read(2) unless it is said to come by a fault too.
    /// </summary>
    /// <param name="charge">The memcg to charge, or null.</param>
    /// <param name="kind">What it holds.</param>
    /// <param name="order">2 to the power of this many pages.</param>
    /// <param name="frame">Where; null for the lowest place there is.</param>
    /// <param name="byFault">Whether page cache comes by a page fault.</param>
    public SimulatedFolio Allocate(SimulatedMemcg? charge, PageKind kind, int order = 0, int? frame = null, bool byFault = false)
    {
        SimulatedFolio folio = Take(charge, FolioUse.User, kind, order, frame);
        folio.Flags = kind switch
        {
            PageKind.Anon or PageKind.Shmem => FaultFlags | FolioFlags.SwapBacked,
            _ when byFault => FaultFlags,
            _ => FolioFlags.Referenced,
        };
        NoteTouch(folio);
        AddToLru(folio);
        Count(folio, +1);
        if (kind != PageKind.File || byFault)
            CountFault(folio);
        if (order == PmdOrder && kind == PageKind.Anon)
            CountEvent(folio, VmEvent.ThpFaultAlloc, MemcgStat.ThpFaultAlloc, 1);
        return folio;
    }

    /// <summary>Memory of the kernel itself, or of the hugetlb pool.</summary>
    public SimulatedFolio AllocateKernel(FolioUse use, SimulatedMemcg? charge = null, int order = 0, int? frame = null)
    {
        SimulatedFolio folio = Take(charge, use, PageKind.Anon, order, frame);
        Count(folio, +1);
        return folio;
    }

    public void Free(SimulatedFolio folio) => Free(folio, FrameState.Buddy);

    /// <summary>Frees a folio's frames into the buddy allocator or into a CPU's list of free pages.</summary>
    public void Free(SimulatedFolio folio, FrameState state)
    {
        ThrowIfFree(folio);
        Count(folio, -1);
        LeaveGenerations(folio);
        folio.IsFree = true;
        folio.Flags = FolioFlags.None;
        _addBatch.Remove(folio);
        Frames.TakeBack(folio.Frame, folio.Pages, state);
        _events[(int)VmEvent.PgFree] += folio.Pages;
    }

    /// <summary>Puts the fresh folios that wait in a CPU's batch on their lists.</summary>
    public void DrainBatches()
    {
        foreach (SimulatedFolio folio in _addBatch)
        {
            if (folio.Lru == LruState.InAddBatch)
                SetLru(folio, LruState.OnList);
        }

        _addBatch.Clear();
    }

    // A memory block, which is what can be taken offline: 128 MiB on x86 and on Arm with small pages, 512 MiB with pages of 64 KiB.
    private static int DefaultSectionBytes(int pageSize) => pageSize >= 64 * 1024 ? 512 << 20 : 128 << 20;

    private static void ThrowIfFree(SimulatedFolio folio)
    {
        if (folio.IsFree)
            throw new InvalidOperationException($"The folio was freed: {folio}.");
    }

    private SimulatedFolio Take(SimulatedMemcg? charge, FolioUse use, PageKind kind, int order, int? frame)
    {
        if (charge is { IsRemoved: true })
            throw new InvalidOperationException($"{charge.Path} was removed; nothing can be charged to it.");
        int place = FindPlace(order, frame);
        SimulatedFolio folio = new(_host, use, kind, charge?.Accountable, place, order);
        Frames.Give(folio);
        return folio;
    }

    private int FindPlace(int order, int? frame)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(order);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(order, PmdOrder);
        int place = frame ?? Frames.FindFree(order);
        if (place < 0)
            throw new InvalidOperationException($"There are no 2^{order} free frames in a row.");
        if (place % (1 << order) != 0)
            throw new ArgumentException($"Frame {place} is not aligned to 2^{order} pages.", nameof(frame));
        return place;
    }

    // A folio of one page waits in the batch of its CPU; a large one has the batch emptied at once.
    private void AddToLru(SimulatedFolio folio)
    {
        if (_batchSize == 0)
        {
            folio.Lru = LruState.OnList;
            return;
        }

        folio.Lru = LruState.InAddBatch;
        _addBatch.Add(folio);
        if (_addBatch.Count < _batchSize && folio.Order == 0)
            return;
        _addBatch.Remove(folio);
        DrainBatches();
        folio.Lru = LruState.OnList;
    }

    private void NoteTouch(SimulatedFolio folio)
    {
        folio.TouchedAt = _host.Clock.GetTimestamp();
        folio.TouchNumber = ++_touches;
    }

    private void CountFault(SimulatedFolio folio) => CountEvent(folio, VmEvent.PgFault, MemcgStat.PgFault, 1);

    private void CountEvent(SimulatedFolio folio, VmEvent vmEvent, MemcgStat stat, long change)
    {
        _events[(int)vmEvent] += change;
        folio.Charged?.Count(stat, change);
    }
}
