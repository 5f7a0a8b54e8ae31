using System.Buffers.Text;

namespace ColdPages;

/// <summary>What a pass of <see cref="ColdPageSource.Referenced"/> will about cost, and whom.</summary>
/// <param name="Processes">Processes that have memory.</param>
/// <param name="MappedBytes">Bytes that they map, shared ones once for each (/proc/PID/statm).</param>
/// <param name="SmallPageBytes">Of these, what is not mapped by huge pages: what the cost comes from.</param>
/// <param name="PageSize">Bytes of a small page.</param>
public sealed record ReferencedCost(int Processes, long MappedBytes, long SmallPageBytes, int PageSize)
{
    // Measured: 10 ms of scanning a GiB of 4 KiB pages, and some 500 ns more for the next touch of each such page.
    private const double ScanSecondsPerGiB = 0.010;
    private const double TouchSecondsPerPage = 500e-9;

    /// <summary>CPU of the scanner for one pass.</summary>
    public TimeSpan ScanTime => TimeSpan.FromSeconds(ScanSecondsPerGiB * SmallPageBytes / (1L << 30));

    /// <summary>Time that the programs together lose after a pass, if they touch all their memory again.</summary>
    public TimeSpan ProgramTime => TimeSpan.FromSeconds(TouchSecondsPerPage * SmallPageBytes / PageSize);

    /// <summary>Estimates it from the sizes of all processes, at no cost to speak of. Reads only.</summary>
    public static ReferencedCost Estimate(HostRoots roots)
    {
        ArgumentNullException.ThrowIfNull(roots);
        KernelFiles files = roots.Files;
        List<int> pids = [];
        _ = ProcessList.Read(files, new DirectoryListing(), pids);
        int processes = 0;
        long mapped = 0;
        using FileText text = FileText.Rent();
        Span<byte> buffer = stackalloc byte[64];
        foreach (int pid in pids)
        {
            KernelPath path = KernelPath.Process(buffer, pid, "statm"u8);
            if (text.Load(files, path.Bytes) != Errno.None)
                continue;
            ReadOnlySpan<byte> line = text.Bytes;
            _ = TextLines.TakeField(ref line);
            if (Utf8Parser.TryParse(TextLines.TakeField(ref line), out long pages, out _) && pages > 0)
            {
                processes++;
                mapped += pages * files.PageSize;
            }
        }

        return new ReferencedCost(processes, mapped, Math.Max(0, mapped - MemInfo.Read(files).HugeMapped), files.PageSize);
    }
}
