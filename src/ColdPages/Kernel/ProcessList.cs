using System.Buffers.Text;

namespace ColdPages;

/// <summary>Processes and threads: the numbers among the entries of /proc and of /proc/PID/task.</summary>
internal static class ProcessList
{
    public static Errno Read(KernelFiles files, DirectoryListing listing, List<int> pids) => Read(files, "/proc"u8, listing, pids);

    public static Errno ReadThreads(KernelFiles files, int pid, DirectoryListing listing, List<int> tids) =>
        Read(files, KernelPath.Process(stackalloc byte[64], pid, "task"u8).Bytes, listing, tids);

    private static Errno Read(KernelFiles files, ReadOnlySpan<byte> folder, DirectoryListing listing, List<int> pids)
    {
        pids.Clear();
        Errno error = files.List(folder, listing);
        for (int i = 0; error == Errno.None && i < listing.Count; i++)
        {
            ReadOnlySpan<byte> name = listing.Name(i);
            if (Utf8Parser.TryParse(name, out int pid, out int used) && used == name.Length)
                pids.Add(pid);
        }

        return error;
    }
}
