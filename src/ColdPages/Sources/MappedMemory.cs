namespace ColdPages;

/// <summary>
/// How much the processes of each memcg map themselves. The multi-generational LRU counts a touch only where a process of the memcg that is charged made it; what its own processes do not map, others may touch all
/// the time.
/// </summary>
internal sealed class MappedMemory(KernelFiles files, MemcgTree tree)
{
    private readonly DirectoryListing _listing = new();
    private readonly List<int> _pids = [];
    private ProcessMemory[] _rows = [];
    private long[] _largestShmem = [];

    /// <summary>Of all processes of the host but this one.</summary>
    public ProcessMemory Total { get; private set; }

    /// <summary>Processes that could not be read though they are there.</summary>
    public int Unread { get; private set; }

    public long StateBytes => _rows.Length * 3L * sizeof(long);

    /// <summary>Of the processes that are in this memcg, those below it not counted.</summary>
    public ProcessMemory Of(Memcg memcg) => memcg.Row < _rows.Length ? _rows[memcg.Row] : default;

    /// <summary>The shared memory that one of its processes maps: of several, nothing tells whether it is the same.</summary>
    public long LargestShmem(Memcg memcg) => memcg.Row < _largestShmem.Length ? _largestShmem[memcg.Row] : 0;

    public Errno Read()
    {
        if (_rows.Length < tree.Rows)
            _rows = new ProcessMemory[Math.Max(tree.Rows, _rows.Length * 2)];
        if (_largestShmem.Length < _rows.Length)
            _largestShmem = new long[_rows.Length];
        Array.Clear(_rows);
        Array.Clear(_largestShmem);
        Total = default;
        Unread = 0;
        Errno error = ProcessList.Read(files, _listing, _pids);
        if (error != Errno.None)
            return error;
        using FileText text = FileText.Rent();
        Span<byte> buffer = stackalloc byte[64];
        int self = text.Load(files, "/proc/self/status"u8) == Errno.None ? ProcessMemory.ParsePid(text.Bytes) : 0;
        foreach (int pid in _pids)
        {
            // This process touches no memory of others; the runtime's shared memory would widen everybody's bounds.
            if (pid == self)
                continue;
            error = text.Load(files, KernelPath.Process(buffer, pid, "status"u8).Bytes);
            if (error == Errno.None)
            {
                if (ProcessMemory.Parse(text.Bytes) is not { } memory)
                    continue;
                Total += memory;
                error = text.Load(files, KernelPath.Process(buffer, pid, "cgroup"u8).Bytes);
                if (error == Errno.None && ProcessCgroup.TryFindPath(text.Bytes, tree.Hierarchy.Version, out ReadOnlySpan<byte> path)
                    && tree.FindCharged(path) is { } memcg)
                {
                    _rows[memcg.Row] += memory;
                    _largestShmem[memcg.Row] = Math.Max(_largestShmem[memcg.Row], memory.Shmem);
                }
            }

            Unread += error == Errno.None || error.IsGone() ? 0 : 1;
        }

        return Errno.None;
    }
}
