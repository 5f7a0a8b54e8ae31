namespace ColdPages;

/// <summary>An entry of /proc/kpageflags (include/uapi/linux/kernel-page-flags.h), as far as it bears on idle memory.</summary>
[Flags]
internal enum PageFlags : ulong
{
    None = 0,
    Dirty = 1UL << 4,
    Lru = 1UL << 5,
    Writeback = 1UL << 8,
    Buddy = 1UL << 10,

    /// <summary>Some process has the folio mapped.</summary>
    Mapped = 1UL << 11,
    Anon = 1UL << 12,
    SwapCache = 1UL << 13,
    SwapBacked = 1UL << 14,
    CompoundHead = 1UL << 15,
    CompoundTail = 1UL << 16,
    Huge = 1UL << 17,
    Unevictable = 1UL << 18,
    Idle = 1UL << 25,

    /// <summary>Of include/linux/kernel-page-flags.h: the kernel's own.</summary>
    Mlocked = 1UL << 33,

    /// <summary>What tells the kinds of page apart, the first pages of folios from others, and what still has its mark.</summary>
    Identity = Lru | Idle | Anon | SwapCache | SwapBacked | CompoundHead | CompoundTail | Huge,
}
