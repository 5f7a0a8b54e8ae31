namespace ColdPages.Simulation;

/// <summary>
/// A run of page frames that the kernel handles as one: one page, or 2^<see cref="Order"/> of them (a transparent huge page, or a large folio
/// of a file). It knows when it was truly touched last, whatever the host's files say.
/// </summary>
public sealed class SimulatedFolio
{
    private readonly SimulatedHost _host;

    internal SimulatedFolio(SimulatedHost host, FolioUse use, PageKind kind, SimulatedMemcg? charged, int frame, int order)
    {
        _host = host;
        Use = use;
        Kind = kind;
        Charged = charged;
        Frame = frame;
        Order = order;
    }

    /// <summary>What it holds.</summary>
    public PageKind Kind { get; }

    /// <summary>It has 2 to the power of this many pages.</summary>
    public int Order { get; internal set; }

    /// <summary>Its number of pages.</summary>
    public int Pages => 1 << Order;

    /// <summary>Its size in bytes.</summary>
    public long Bytes => (long)Pages * _host.PageSize;

    /// <summary>The number of its first page frame; another one after the kernel has moved it.</summary>
    public int Frame { get; internal set; }

    /// <summary>The memcg that it is charged to: where that was removed, the nearest one above it that was not. Null if to none.</summary>
    public SimulatedMemcg? Memcg => Charged?.Living;

    /// <summary>Whether it was freed: then its frames are others', and it can't be touched any more.</summary>
    public bool IsFree { get; internal set; }

    /// <summary>When it was touched last, on the host's clock.</summary>
    public DateTimeOffset LastTouched => _host.Clock.ToUtc(TouchedAt);

    /// <summary>The time since it was touched last.</summary>
    public TimeSpan IdleFor => _host.Clock.GetElapsedTime(TouchedAt);

    /// <summary>The memcg that was charged, removed or not.</summary>
    internal SimulatedMemcg? Charged { get; set; }

    internal FolioUse Use { get; }

    /// <summary>Its flags. Whether it is mapped and accessed follows from who maps it; set without saying who, it is the memcg's own process.</summary>
    internal FolioFlags Flags
    {
        get => field | (MappedBy != 0 ? FolioFlags.Mapped : FolioFlags.None) | (AccessedBy != 0 ? FolioFlags.Accessed : FolioFlags.None);

        set
        {
            field = value & ~(FolioFlags.Mapped | FolioFlags.Accessed);
            MappedBy = (value & FolioFlags.Mapped) == FolioFlags.None ? 0 : MappedBy != 0 ? MappedBy : SimulatedProcess.OwnBit;
            AccessedBy = (value & FolioFlags.Accessed) == FolioFlags.None ? 0 : AccessedBy != 0 ? AccessedBy : MappedBy & (~MappedBy + 1);
        }
    }

    /// <summary>The processes that map it, by their bits.</summary>
    internal ulong MappedBy { get; set; }

    /// <summary>Those whose page tables have its accessed bit set.</summary>
    internal ulong AccessedBy { get; set; }

    internal LruState Lru { get; set; }

    /// <summary>The generations that it is in, and the number of its own modulo four; null and -1 where it is in none.</summary>
    internal GenerationLists? Generations { get; set; }

    internal int Generation { get; set; } = -1;

    internal int PlaceInGenerations { get; set; }

    /// <summary>Reads by system calls since the flag "referenced" was set, as far as they are counted.</summary>
    internal int References { get; set; }

    /// <summary>Whether it is with the files: MADV_FREE puts anonymous memory there too.</summary>
    internal bool IsOnFileList => !Has(FolioFlags.SwapBacked);

    /// <summary>Whether its list is an active one, or its generation counts as such.</summary>
    internal bool IsActive => Generations is { } lists ? lists.IsActive(Generation) : Has(FolioFlags.Active);

    /// <summary>Pages at its end that no process maps any more, and that a split will free.</summary>
    internal int UnmappedTails { get; set; }

    /// <summary>Pages that the processes that map it have in their page tables; the first ones.</summary>
    internal int MappedPages => MappedBy == 0 ? 0 : Pages - UnmappedTails;

    /// <summary>Timestamp of the last touch, of the host's clock.</summary>
    internal long TouchedAt { get; set; }

    /// <summary>The host counts its touches; this is the number of the last one of this folio.</summary>
    internal long TouchNumber { get; set; }

    /// <summary>A process reads or writes it by its address: that sets the accessed bit of the mapping, which is made first where there is none.</summary>
    /// <exception cref="InvalidOperationException">It was freed.</exception>
    public void Touch()
    {
        lock (_host.Gate)
            _host.Memory.Touch(this);
    }

    /// <summary>A process reads it by a system call, as page cache is read by read(2): no accessed bit tells of that, the kernel itself marks it.</summary>
    /// <exception cref="InvalidOperationException">It was freed.</exception>
    public void Read()
    {
        lock (_host.Gate)
            _host.Memory.Read(this);
    }

    /// <summary>Gives its frames back.</summary>
    /// <exception cref="InvalidOperationException">It was freed before.</exception>
    public void Free()
    {
        lock (_host.Gate)
            _host.Memory.Free(this);
    }

    /// <inheritdoc/>
    public override string ToString() => $"{(Use == FolioUse.User ? Kind.ToString() : Use.ToString())} of 2^{Order} pages at frame {Frame}";

    internal bool Has(FolioFlags flags) => (Flags & flags) == flags;

    internal void Set(FolioFlags flags, bool on = true) => Flags = on ? Flags | flags : Flags & ~flags;

    /// <summary>DAMON looks at it: the accessed bit goes, and the idle flag is set.</summary>
    internal void MarkByDamon()
    {
        if (Has(FolioFlags.Mapped | FolioFlags.Accessed))
            Set(FolioFlags.Young);
        Set(FolioFlags.Accessed, on: false);
        Set(FolioFlags.Idle);
    }

    /// <summary>A 1 written to clear_refs, or an aging of the multi-generational LRU: the accessed bit goes, and the idle flag stays as it is.</summary>
    internal void ClearAccessed() => Set(FolioFlags.Accessed | FolioFlags.Young | FolioFlags.Referenced, on: false);

    /// <summary>Somebody takes the folio lock, or lets it go.</summary>
    internal void SetLocked(bool locked) => Set(FolioFlags.Locked, locked);
}
