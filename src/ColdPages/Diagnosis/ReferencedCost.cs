using System.Buffers.Text;

namespace ColdPages;

/// <summary>What a pass of <see cref="ColdPageSource.Referenced"/> will about cost, and whom.</summary>
public sealed record ReferencedCost
{
    // Measured: 10 ms of scanning for the 262,144 pages of a GiB, and some 500 ns more for the next touch of each.
    private const double ScanSecondsPerPage = 0.010 / 262_144;
    private const double TouchSecondsPerPage = 500e-9;

    private ReferencedCost()
    {
    }

    /// <summary>Processes that have memory.</summary>
    public int Processes { get; private init; }

    /// <summary>Bytes that they map, shared ones once for each (/proc/PID/statm).</summary>
    public long MappedBytes { get; private init; }

    /// <summary>Of these, what is not mapped by huge pages: what the cost comes from.</summary>
    public long SmallPageBytes { get; private init; }

    /// <summary>Bytes of a small page.</summary>
    public int PageSize { get; private init; }

    /// <summary>CPU of the scanner for one pass.</summary>
    public TimeSpan ScanTime => TimeSpan.FromSeconds(ScanSecondsPerPage * SmallPageBytes / PageSize);

    /// <summary>Time that the programs together lose after a pass, if they touch all their memory again.</summary>
    public TimeSpan ProgramTime => TimeSpan.FromSeconds(TouchSecondsPerPage * SmallPageBytes / PageSize);

    /// <summary>Estimates it from the sizes of all processes, at no cost to speak of. Reads only.</summary>
    public static ReferencedCost Estimate(HostRoots roots)
    {
        ArgumentNullException.ThrowIfNull(roots);
        KernelFiles files = roots.Files;
        List<int> pids = [];
        if (files.IsLinux)
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

        return new ReferencedCost
        {
            Processes = processes,
            MappedBytes = mapped,
            SmallPageBytes = pids.Count == 0 ? 0 : Math.Max(0, mapped - MemInfo.Read(files).HugeMapped),
            PageSize = files.PageSize,
        };
    }
}
