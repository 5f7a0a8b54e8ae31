namespace ColdPages;

/// <summary>/proc/self/pagemap (fs/proc/task_mmu.c): what lies under each page of this process's own address space.</summary>
internal static class PageMap
{
    public const string Name = "/proc/self/pagemap";

    public static ReadOnlySpan<byte> Path => "/proc/self/pagemap"u8;

    /// <summary>Whether the page is in memory.</summary>
    public static bool IsPresent(ulong entry) => entry >> 63 == 1;

    /// <summary>The frame of a page that is present; 0 where whoever opened the file may not know it.</summary>
    public static long Frame(ulong entry) => IsPresent(entry) ? (long)(entry & ((1UL << 55) - 1)) : 0;
}
