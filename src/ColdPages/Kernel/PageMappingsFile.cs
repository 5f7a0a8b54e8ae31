namespace ColdPages;

/// <summary>/proc/kpagecount (fs/proc/page.c): how many mappings each page has; two of one process count as two. A kernel that keeps count by folio alone tells a folio's average for each of its pages.</summary>
internal static class PageMappingsFile
{
    public const string Name = "/proc/kpagecount";

    public static ReadOnlySpan<byte> Path => "/proc/kpagecount"u8;
}
