namespace ColdPages;

/// <summary>
/// /sys/kernel/mm/page_idle/bitmap (mm/page_idle.c): a bit a page, set for the first page of each folio on an LRU list that was marked idle and
/// not touched since. Reading looks at the accessed bits of what is marked; writing a 1 marks, writing a 0 does nothing.
/// </summary>
/// <remarks>Where the number of pages is no multiple of 64, the last word is never read, and what is written to it is done but not reported so.</remarks>
internal static class IdleBitmap
{
    /// <summary>The most that the kernel reads or writes at a time, 4096 bytes (a sysfs binary attribute, whatever the page size).</summary>
    public const int BlockWords = 512;

    /// <summary>Pages of a block.</summary>
    public const int BlockFrames = BlockWords * 64;

    public static ReadOnlySpan<byte> Path => "/sys/kernel/mm/page_idle/bitmap"u8;

    /// <summary>The path as text, by which costs are counted.</summary>
    public const string Name = "/sys/kernel/mm/page_idle/bitmap";
}
