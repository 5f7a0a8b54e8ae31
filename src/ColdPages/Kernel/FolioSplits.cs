using System.Buffers.Text;

namespace ColdPages;

/// <summary>
/// How many pages of large folios were split into smaller ones since boot: /sys/kernel/mm/transparent_hugepage/hugepages-SIZEkB/stats/split, which counts
/// folios of every size (Linux 6.10 and later). /proc/vmstat counts those of the largest size alone.
/// </summary>
internal sealed class FolioSplits(KernelFiles files)
{
    private readonly DirectoryListing _sizes = new();

    /// <summary>Pages; null where the kernel does not count them, or a count that is there cannot be read.</summary>
    public long? ReadPages()
    {
        if (files.List("/sys/kernel/mm/transparent_hugepage"u8, _sizes) != Errno.None)
            return null;
        long? pages = null;
        Span<byte> folder = stackalloc byte[128];
        Span<byte> file = stackalloc byte[160];
        using FileText text = FileText.Rent();
        for (int i = 0; i < _sizes.Count; i++)
        {
            ReadOnlySpan<byte> name = _sizes.Name(i);
            if (!name.StartsWith("hugepages-"u8) || !Utf8Parser.TryParse(name["hugepages-"u8.Length..], out long kilobytes, out _))
                continue;
            KernelPath size = KernelPath.Child(folder, "/sys/kernel/mm/transparent_hugepage"u8, name);
            KernelPath split = KernelPath.Child(file, size.Bytes, "stats/split"u8);
            Errno error = text.Load(files, split.Bytes);
            if (error.IsGone())
                continue;

            // A sum that lacks one of its parts would look as if splits had been taken back.
            if (error != Errno.None || KeyedNumber.ParseSingle(text.Bytes) is not { } count)
                return null;
            pages = (pages ?? 0) + (count * (kilobytes * 1024 / files.PageSize));
        }

        return pages;
    }
}
