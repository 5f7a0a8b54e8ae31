namespace ColdPages.KernelTests;

/// <summary>Bits of /proc/kpageflags, as linux/kernel-page-flags.h has them. Not the library's: a wrong bit there is to be seen here.</summary>
[Flags]
internal enum PageFlags : ulong
{
    None = 0,
    Referenced = 1UL << 2,
    UpToDate = 1UL << 3,
    Lru = 1UL << 5,
    Active = 1UL << 6,
    Slab = 1UL << 7,
    Buddy = 1UL << 10,
    Mapped = 1UL << 11,
    Anon = 1UL << 12,
    SwapCache = 1UL << 13,
    SwapBacked = 1UL << 14,
    CompoundHead = 1UL << 15,
    CompoundTail = 1UL << 16,
    Huge = 1UL << 17,
    Unevictable = 1UL << 18,
    NoPage = 1UL << 20,
    Ksm = 1UL << 21,
    Thp = 1UL << 22,
    ZeroPage = 1UL << 24,
    Idle = 1UL << 25,
    PageTable = 1UL << 26,
    Mlocked = 1UL << 33,
}
