namespace ColdPages.Simulation;

/// <summary>An entry of /proc/kpageflags: include/uapi/linux/kernel-page-flags.h, and stable_page_flags in fs/proc/page.c.</summary>
internal static class PageFlagBits
{
    public const ulong Locked = 1UL << 0;
    public const ulong Referenced = 1UL << 2;
    public const ulong UpToDate = 1UL << 3;
    public const ulong Dirty = 1UL << 4;
    public const ulong Lru = 1UL << 5;
    public const ulong Active = 1UL << 6;
    public const ulong Slab = 1UL << 7;
    public const ulong Writeback = 1UL << 8;
    public const ulong Buddy = 1UL << 10;
    public const ulong Mmap = 1UL << 11;
    public const ulong Anon = 1UL << 12;
    public const ulong SwapCache = 1UL << 13;
    public const ulong SwapBacked = 1UL << 14;
    public const ulong CompoundHead = 1UL << 15;
    public const ulong CompoundTail = 1UL << 16;
    public const ulong Huge = 1UL << 17;
    public const ulong Unevictable = 1UL << 18;
    public const ulong NoPage = 1UL << 20;
    public const ulong Ksm = 1UL << 21;
    public const ulong Thp = 1UL << 22;
    public const ulong Idle = 1UL << 25;
    public const ulong PageTable = 1UL << 26;
    public const ulong Mlocked = 1UL << 33;

    // What a tail tells by itself, where the kernel does not look at its head for the rest.
    private const ulong OfAnyPage = Mmap | Anon | Ksm | CompoundTail | Huge | Thp;

    private static readonly (FolioFlags Flag, ulong Bit)[] s_copied =
    [
        (FolioFlags.Locked, Locked),
        (FolioFlags.Referenced, Referenced),
        (FolioFlags.Dirty, Dirty),
        (FolioFlags.Writeback, Writeback),
        (FolioFlags.Active, Active),
        (FolioFlags.Mapped, Mmap),
        (FolioFlags.SwapBacked, SwapBacked),
        (FolioFlags.SwapCache | FolioFlags.SwapBacked, SwapCache),
        (FolioFlags.Idle, Idle),
        (FolioFlags.Mlocked, Mlocked | Unevictable),
    ];

    /// <summary>The flags of a frame that no folio has. Behind the last one, as in holes, there are page structures with no flags.</summary>
    public static ulong Of(FrameState state) => state switch
    {
        FrameState.Buddy => Buddy,
        FrameState.Offline => NoPage,
        _ => 0,
    };

    /// <summary>The flags of a folio's first page.</summary>
    public static ulong OfHead(SimulatedFolio folio, SimulatedHostOptions options) =>
        folio.Order == 0 ? OfPage(folio, options) : OfPage(folio, options) | CompoundHead;

    /// <summary>The flags of each of its other pages.</summary>
    public static ulong OfTail(SimulatedFolio folio, SimulatedHostOptions options)
    {
        ulong bits = OfPage(folio, options) | CompoundTail;
        return options.TailsHaveOwnFlags && folio.Use == FolioUse.User ? bits & OfAnyPage : bits;
    }

    private static ulong OfPage(SimulatedFolio folio, SimulatedHostOptions options) => folio.Use switch
    {
        FolioUse.User => OfUser(folio, options),
        FolioUse.PageTable => PageTable,
        FolioUse.Hugetlb => Huge | Mmap | Anon | UpToDate | (options.ShowsKsmOnAnon ? Ksm : 0),

        // Other fields of a slab share the place that tells anonymous pages: what it reads is garbage.
        _ => folio.Frame % 3 == 0 ? Slab | Anon | Ksm | Mmap : Slab,
    };

    private static ulong OfUser(SimulatedFolio folio, SimulatedHostOptions options)
    {
        ulong bits = UpToDate;
        foreach ((FolioFlags flag, ulong bit) in s_copied)
        {
            if (folio.Has(flag))
                bits |= bit;
        }

        if (folio.Lru == LruState.OnList)
            bits |= Lru;
        if (folio.Kind == PageKind.Anon)
            bits |= options.ShowsKsmOnAnon ? Anon | Ksm : Anon;
        if (folio.Order > 0)
            bits |= Thp;
        return bits;
    }
}
