using System.Buffers.Text;

namespace ColdPages;

/// <summary>
/// What happened to large folios of every size since boot: /sys/kernel/mm/transparent_hugepage/hugepages-SIZEkB/stats (Linux 6.10 and later). /proc/vmstat counts those of the size alone that a page
/// table's upper level maps.
/// </summary>
internal sealed class FolioStats(KernelFiles files)
{
    private readonly DirectoryListing _sizes = new();

    /// <summary>Pages of folios that were split into smaller ones; null where the kernel does not count them, or a count that is there cannot be read.</summary>
    public long? ReadSplit() => Read("stats/split"u8, out _);

    /// <summary>Pages of folios that small ones were to be joined into, which need not have come about, and how many folios; as <see cref="ReadSplit"/>.</summary>
    public long? ReadCollapsed(out long folios) => Read("stats/collapse_alloc"u8, out folios);

    private long? Read(ReadOnlySpan<byte> name, out long folios)
    {
        folios = 0;
        if (files.List("/sys/kernel/mm/transparent_hugepage"u8, _sizes) != Errno.None)
            return null;
        long? pages = null;
        Span<byte> sizePath = stackalloc byte[128];
        Span<byte> statPath = stackalloc byte[160];
        using FileText text = FileText.Rent();
        for (int i = 0; i < _sizes.Count; i++)
        {
            ReadOnlySpan<byte> folder = _sizes.Name(i);
            if (!folder.StartsWith("hugepages-"u8) || !Utf8Parser.TryParse(folder["hugepages-"u8.Length..], out long kilobytes, out _))
                continue;
            KernelPath size = KernelPath.Child(sizePath, "/sys/kernel/mm/transparent_hugepage"u8, folder);
            KernelPath stat = KernelPath.Child(statPath, size.Bytes, name);
            Errno error = text.Load(files, stat.Bytes);
            if (error.IsGone())
                continue;

            // A sum that lacks one of its parts would look as if some had been taken back.
            if (error != Errno.None || KeyedNumber.ParseSingle(text.Bytes) is not { } count)
                return null;
            folios += count;
            pages = (pages ?? 0) + (count * (kilobytes * 1024 / files.PageSize));
        }

        return pages;
    }
}
