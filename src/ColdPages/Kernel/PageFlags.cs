namespace ColdPages;

/// <summary>An entry of /proc/kpageflags (include/uapi/linux/kernel-page-flags.h), as far as it bears on idle ages.</summary>
[Flags]
internal enum PageFlags : ulong
{
    None = 0,
    Lru = 1UL << 5,
    Slab = 1UL << 7,
    Buddy = 1UL << 10,
    Anon = 1UL << 12,
    SwapCache = 1UL << 13,
    SwapBacked = 1UL << 14,
    CompoundHead = 1UL << 15,
    CompoundTail = 1UL << 16,
    Huge = 1UL << 17,
    Idle = 1UL << 25,

    /// <summary>What tells the kinds of page apart, the first pages of folios from others, and what still has its mark.</summary>
    Identity = Lru | Idle | Anon | SwapCache | SwapBacked | CompoundHead | CompoundTail | Huge,
}
