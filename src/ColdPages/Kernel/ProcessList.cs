using System.Buffers.Text;

namespace ColdPages;

/// <summary>The processes of the host: the numbers among the entries of /proc.</summary>
internal static class ProcessList
{
    public static Errno Read(KernelFiles files, DirectoryListing listing, List<int> pids)
    {
        pids.Clear();
        Errno error = files.List("/proc"u8, listing);
        for (int i = 0; error == Errno.None && i < listing.Count; i++)
        {
            ReadOnlySpan<byte> name = listing.Name(i);
            if (Utf8Parser.TryParse(name, out int pid, out int used) && used == name.Length)
                pids.Add(pid);
        }

        return error;
    }
}
