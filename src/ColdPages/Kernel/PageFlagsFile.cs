namespace ColdPages;

/// <summary>/proc/kpageflags (fs/proc/page.c): the flags of each page.</summary>
internal static class PageFlagsFile
{
    public const string Name = "/proc/kpageflags";

    public static ReadOnlySpan<byte> Path => "/proc/kpageflags"u8;

    /// <summary>The kind of a page that is on an LRU list; what others have in these flags means nothing.</summary>
    /// <remarks>
    /// A page given up with MADV_FREE loses SwapBacked and stays anonymous. One that was read ahead from swap is not anonymous yet: no process maps it, and memory.stat has it on the
    /// anonymous lists and not among shared memory.
    /// </remarks>
    public static PageKind KindOf(PageFlags flags) =>
        (flags & (PageFlags.Anon | PageFlags.SwapCache)) != PageFlags.None ? PageKind.Anon
        : (flags & PageFlags.SwapBacked) != PageFlags.None ? PageKind.Shmem
        : PageKind.File;
}
