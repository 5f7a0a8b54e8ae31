namespace ColdPages;

/// <summary>DAMON, the kernel's own access monitor (Documentation/admin-guide/mm/damon).</summary>
internal static class Damon
{
    /// <summary>Whether any of it runs, as far as its switches say.</summary>
    public static bool IsRunning(KernelFiles files)
    {
        if (Says(files, "/sys/module/damon_stat/parameters/enabled"u8, "Y"u8)
            || Says(files, "/sys/module/damon_reclaim/parameters/enabled"u8, "Y"u8)
            || Says(files, "/sys/module/damon_lru_sort/parameters/enabled"u8, "Y"u8))
        {
            return true;
        }

        DirectoryListing monitors = new();
        if (files.List("/sys/kernel/mm/damon/admin/kdamonds"u8, monitors) != Errno.None)
            return false;
        Span<byte> folder = stackalloc byte[256];
        Span<byte> file = stackalloc byte[256];
        for (int i = 0; i < monitors.Count; i++)
        {
            if (!monitors.IsDirectory(i))
                continue;
            KernelPath monitor = KernelPath.Child(folder, "/sys/kernel/mm/damon/admin/kdamonds"u8, monitors.Name(i));
            if (Says(files, KernelPath.Child(file, monitor.Bytes, "state"u8).Bytes, "on"u8))
                return true;
        }

        return false;
    }

    private static bool Says(KernelFiles files, ReadOnlySpan<byte> path, ReadOnlySpan<byte> word)
    {
        using FileText text = FileText.Rent();
        return text.Load(files, path) == Errno.None && text.Bytes.TrimEnd((byte)'\n').SequenceEqual(word);
    }
}
