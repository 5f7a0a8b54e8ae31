namespace ColdPages.KernelTests;

/// <summary>Bits of /proc/kpageflags, as linux/kernel-page-flags.h has them.</summary>
[Flags]
internal enum PageFlags : ulong
{
    None = 0,
    Lru = 1UL << 5,
    Buddy = 1UL << 10,
    Mapped = 1UL << 11,
    Anon = 1UL << 12,
    SwapBacked = 1UL << 14,
    CompoundHead = 1UL << 15,
    CompoundTail = 1UL << 16,
    Unevictable = 1UL << 18,
    Thp = 1UL << 22,
    Idle = 1UL << 25,
    Mlocked = 1UL << 33,
}
