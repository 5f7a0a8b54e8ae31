namespace ColdPages;

/// <summary>Whether there is a procfs and a sysfs at all: a file that is not in an empty folder says nothing of the kernel.</summary>
internal static class HostMounts
{
    /// <summary>Why nothing like the path can be there; null where it could.</summary>
    public static Problem? Missing(KernelFiles files, string path)
    {
        bool isProc = path.StartsWith("/proc/", StringComparison.Ordinal);
        DirectoryListing entries = new();
        Errno error = files.List(isProc ? "/proc"u8 : "/sys"u8, entries);
        if (error is not (Errno.None or Errno.ENOENT) || entries.Count > 0)
            return null;
        string folder = files.Display(isProc ? "/proc" : "/sys");
        return new Problem(
            $"There is nothing in {folder}.",
            files.HasOwnMemory ? $"mount -t {(isProc ? "proc proc" : "sysfs sysfs")} {folder}" : "Give a root that holds a host's /proc and /sys.");
    }
}
