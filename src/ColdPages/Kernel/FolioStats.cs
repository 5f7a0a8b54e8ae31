using System.Buffers.Text;

namespace ColdPages;

/// <summary>
/// What happened to large folios since boot: /sys/kernel/mm/transparent_hugepage/hugepages-SIZEkB/stats, for folios of every size (Linux 6.10 and later), and khugepaged/pages_collapsed. /proc/vmstat counts those
/// of the size alone that a page table's upper level maps.
/// </summary>
/// <param name="SplitPages">Pages of folios that were split into smaller ones; null where the kernel does not count them.</param>
/// <param name="CollapseAllocs">Folios that were allocated to collapse small ones into, whether that came about or not.</param>
/// <param name="CollapseAllocPages">Their pages.</param>
/// <param name="KhugepagedCollapses">Collapses that khugepaged brought about; those that a program had done (MADV_COLLAPSE) nobody counts.</param>
internal readonly record struct FolioStats(long? SplitPages, long CollapseAllocs, long CollapseAllocPages, long KhugepagedCollapses)
{
    /// <summary>Null where there are no large folios, or a count that is there cannot be read: a sum that lacks one of its parts would look as if some had been taken back.</summary>
    /// <param name="files">The host.</param>
    /// <param name="sizes">Room for the names of the sizes, used anew each time.</param>
    public static FolioStats? Read(KernelFiles files, DirectoryListing sizes)
    {
        if (files.List("/sys/kernel/mm/transparent_hugepage"u8, sizes) != Errno.None)
            return null;
        if (!TryRead(files, "/sys/kernel/mm/transparent_hugepage/khugepaged"u8, "pages_collapsed"u8, out long? collapses))
            return null;
        FolioStats all = new(null, 0, 0, collapses ?? 0);
        Span<byte> buffer = stackalloc byte[128];
        for (int i = 0; i < sizes.Count; i++)
        {
            ReadOnlySpan<byte> name = sizes.Name(i);
            if (!name.StartsWith("hugepages-"u8) || !Utf8Parser.TryParse(name["hugepages-"u8.Length..], out long kilobytes, out _))
                continue;
            ReadOnlySpan<byte> folder = KernelPath.Child(buffer, "/sys/kernel/mm/transparent_hugepage"u8, name).Bytes;
            if (!TryRead(files, folder, "stats/split"u8, out long? splits) || !TryRead(files, folder, "stats/collapse_alloc"u8, out long? allocs))
                return null;
            long pages = kilobytes * 1024 / files.PageSize;
            all = all with
            {
                SplitPages = splits is null ? all.SplitPages : (all.SplitPages ?? 0) + (splits * pages),
                CollapseAllocs = all.CollapseAllocs + (allocs ?? 0),
                CollapseAllocPages = all.CollapseAllocPages + ((allocs ?? 0) * pages),
            };
        }

        return all;
    }

    // A count that is not there is null, and no failure.
    private static bool TryRead(KernelFiles files, ReadOnlySpan<byte> folder, ReadOnlySpan<byte> name, out long? count)
    {
        using FileText text = FileText.Rent();
        Errno error = text.Load(files, KernelPath.Child(stackalloc byte[160], folder, name).Bytes);
        count = error == Errno.None ? KeyedNumber.ParseSingle(text.Bytes) : null;
        return count is not null || error.IsGone();
    }
}
