namespace ColdPages;

/// <summary>
/// /proc/kpagecgroup (fs/proc/page.c): for each page the inode of the cgroup it is charged to, or of the nearest one above that is not removed;
/// 0 for a page that is charged to none. The tails of a folio have its head's.
/// </summary>
internal static class PageOwnersFile
{
    public const string Name = "/proc/kpagecgroup";

    public static ReadOnlySpan<byte> Path => "/proc/kpagecgroup"u8;
}
