using System.Runtime.CompilerServices;

namespace ColdPages;

/// <summary>
/// Ages from /proc/PID/clear_refs and smaps: bytes of each mapping touched since the bits were cleared. It knows no page, so it keeps no
/// ages of its own: what is idle is idle since the last clear, and what was touched may have been touched at any time since.
/// </summary>
/// <remarks>
/// The bits gather over a window of passes. At its end all processes are read, and only then are all of them cleared: two that share their
/// memory share the bits too, and clearing one takes the other's evidence. What is touched between the read and the clear is lost, so an age
/// never reaches back beyond the clear. A process that comes within a window is left alone until the next one opens, and counts as touched.
/// </remarks>
internal sealed class ReferencedSource(KernelFiles files, MemcgTree tree, SourceOptions options) :
    AgeSource(files, tree)
{
    private const string SmapsFile = "/proc/PID/smaps";
    private const string ClearRefsFile = "/proc/PID/clear_refs";

    /// <summary>What a dictionary keeps beside key and value: a bucket, a hash code and a link.</summary>
    private const int HashEntryBytes = 12;

    // A row for each memcg, then one for what belongs to none, then one for each process that is told apart.
    private readonly MemcgHistograms _histograms = new();
    private readonly bool[] _processesSeen = new bool[options.Processes.Count];
    private int _unattributedRow;
    private readonly Dictionary<int, ProcessStat> _cleared = [];
    private readonly List<Target> _read = [];
    private readonly List<int> _pids = [];
    private readonly List<int> _threads = [];
    private readonly DirectoryListing _listing = new();
    private readonly MappingKinds _kinds = new(files);
    private int? _windowStart;
    private long? _scannedAtClear;
    private long? _pagesScanned;
    private Refusals _notRead;
    private Refusals _notCleared;
    private Refusals _virtualMachines;
    private Refusals _torn;
    private Refusals _left;

    /// <summary>Where a process's memory is found: by a thread of its own when its first thread has ended before the others.</summary>
    private readonly record struct Target(int Pid, int Thread, ProcessStat Identity)
    {
        public KernelPath Path(Span<byte> buffer, ReadOnlySpan<byte> file) =>
            Thread == 0 ? KernelPath.Process(buffer, Pid, file) : KernelPath.Thread(buffer, Pid, Thread, file);
    }

    public override ColdPageSource Kind => ColdPageSource.Referenced;

    public override string Attribution => "process";

    public override IReadOnlyList<string> Notes { get; } =
    [
        "Bytes are by process, not by charge: pages that processes share count in each, as touched, and page cache that nobody maps is not seen.",
        "Ages reach back to the last clear of the accessed bits; promotions are not counted by this source.",
    ];

    public override long StateBytes =>
        _histograms.StateBytes + (_cleared.Capacity * (long)(sizeof(int) + Unsafe.SizeOf<ProcessStat>() + HashEntryBytes));

    public override int Bins => _histograms.Bins;

    public override void CopyAges(Memcg? memcg, Span<long> values) => _histograms.Row(memcg?.Row ?? _unattributedRow).CopyTo(values);

    public override bool TryCopyProcessAges(int index, Span<long> values)
    {
        if (_processesSeen[index])
            _histograms.Row(_unattributedRow + 1 + index).CopyTo(values);
        return _processesSeen[index];
    }

    public override Problem? Pass(PassClock clock, CancellationToken cancellationToken)
    {
        int pass = clock.Current;
        _notRead = _notCleared = _virtualMachines = _torn = _left = default;
        _read.Clear();
        Array.Clear(_processesSeen);
        _unattributedRow = Tree.Rows;
        int age = Math.Min(pass - (_windowStart ?? pass), PassClock.MaxPasses);
        _histograms.Reset(Tree.Rows + 1 + options.Processes.Count, age + 1);
        Errno error = ProcessList.Read(Files, _listing, _pids);
        if (error != Errno.None)
        {
            return new Problem(
                $"{Files.Display("/proc")} could not be listed: {error.Describe()}.", "Mount procfs there, or give the root that has it.");
        }

        long? scannedBefore = VmStat.Read(Files)?.PagesScanned;
        _kinds.BeginPass();
        Memcg? scope = options.Memcg is null ? Tree.Root : Tree.FindText(options.Memcg);
        foreach (int pid in _pids)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Read(pid, age, scope);
        }

        // After the last read, so that reclaim during the pass counts too.
        _pagesScanned = _windowStart is null ? 0 : VmStat.Read(Files)?.PagesScanned - _scannedAtClear;
        if (_windowStart is null || pass - _windowStart >= options.ReferencedWindow)
        {
            _windowStart = pass;
            _scannedAtClear = scannedBefore;
            ClearAll(cancellationToken);
        }

        return null;
    }

    public override void AddDoubts(List<Doubt> doubts)
    {
        if (_notRead.Count > 0)
            doubts.Add(new Doubt($"{_notRead.Describe(Files, SmapsFile)} could not be read; not counted.", 0));
        if (_notCleared.Count > 0)
            doubts.Add(new Doubt($"{_notCleared.Describe(Files, ClearRefsFile)} could not be written; counted as just touched.", 0));
        if (_left.Count > 0)
            doubts.Add(new Doubt($"{_left.Describe(Files, SmapsFile)} ended, or executed another program, while being read; not counted.", 0));
        if (_torn.Count > 0)
            doubts.Add(new Doubt($"{_torn.Describe(Files, SmapsFile)} joined mappings while being read; not counted.", 0));
        if (_virtualMachines.Count > 0)
        {
            doubts.Add(new Doubt(
                $"{_virtualMachines.Describe(Files, SmapsFile)} ran a virtual machine, whose accesses this source cannot see; counted as just touched.", 0));
        }

        if (_pagesScanned is null)
        {
            doubts.Add(new Doubt(
                $"{Files.Display("/proc/vmstat")} could not be read: there is no telling how many accessed bits reclaim has cleared.", Doubt.AllBytes));
        }

        if (_pagesScanned is > 0 and { } pages)
        {
            // The classic LRU clears the bits of the pages it looks at. The multi-generational one walks whole page tables.
            doubts.Add(LruGen.IsEnabled(Files)
                ? new Doubt(
                    "Reclaim ran since the accessed bits were cleared, and the multi-generational LRU clears them too, whole page tables at a time: any page may look idle although it was touched.",
                    Doubt.AllBytes)
                : new Doubt(
                    $"Reclaim looked at {pages} pages since their accessed bits were cleared, and it clears them too: as many may look idle although they were touched.",
                    pages * Files.PageSize));
        }
    }

    private void Read(int pid, int age, Memcg? scope)
    {
        Errno error = TryFind(pid, out Target target);
        if (error != Errno.None)
        {
            if (!error.IsGone())
                _notRead.Add(pid, error);
            return;
        }

        if (!TryFindRow(target, scope, out int row))
            return;
        ProcessTally tally = new(_kinds, pid);
        KernelPath smaps = target.Path(stackalloc byte[96], "smaps"u8);
        error = Smaps.Read(Files, smaps.Bytes, ref tally, out long bytesRead);
        Cost.Read(SmapsFile, bytesRead);

        // A process that leaves, or executes another program, while it is read gives the first part of its mappings and no error.
        if (TryFind(pid, out Target after) != Errno.None || after != target)
        {
            _left.Add(pid);
            return;
        }

        // A kernel thread has no memory; newer kernels say so with an error.
        if (error.IsGone() || (error == Errno.None && bytesRead == 0))
            return;
        if (error != Errno.None)
        {
            _notRead.Add(pid, error);
            return;
        }

        if (tally.IsTorn)
        {
            _torn.Add(pid);
            return;
        }

        // Clearing a virtual machine would cost it and tell nothing.
        if (tally.IsVirtualMachine)
            _virtualMachines.Add(pid);
        else
            _read.Add(target);
        bool wasCleared = _cleared.TryGetValue(pid, out ProcessStat identity) && identity == target.Identity;
        int ownAge = wasCleared && !tally.IsVirtualMachine ? age : 0;
        Count(tally, ownAge, row);
        int apart = IndexOf(options.Processes, pid);
        if (apart >= 0)
        {
            Count(tally, ownAge, _unattributedRow + 1 + apart);
            _processesSeen[apart] = true;
        }
    }

    // age: passes since the process's bits were cleared; 0 for one that they were not of: all of it counts as touched.
    private void Count(in ProcessTally tally, int age, int row)
    {
        Span<long> values = _histograms.Row(row);
        long touched = 0;
        for (int kind = 0; kind < BinLayout.Kinds; kind++)
        {
            long idle = age == 0 ? 0 : tally.Idle(kind);
            values[kind] += tally.Resident(kind) - idle;
            values[(age * BinLayout.Stride) + kind] += idle;
            touched += tally.Resident(kind) - idle;
        }

        // Touched since the clear, but when? In the youngest bin for sure, in each of those between for all we know. In the oldest only what
        // is perhaps idle.
        for (int bin = 1; bin < age; bin++)
            values[(bin * BinLayout.Stride) + BinLayout.Excess] += touched;
        if (age > 0)
            values[(age * BinLayout.Stride) + BinLayout.Excess] += tally.PerhapsIdle;
    }

    private void ClearAll(CancellationToken cancellationToken)
    {
        _cleared.Clear();
        foreach (Target target in _read)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Errno error = Clear(target);
            if (error == Errno.None)
                _cleared[target.Pid] = target.Identity;
            else if (!error.IsGone())
                _notCleared.Add(target.Pid, error);
        }
    }

    // "1": the accessed bits of all mappings (Documentation/filesystems/proc.rst, clear_refs).
    private Errno Clear(in Target target)
    {
        KernelPath path = target.Path(stackalloc byte[96], "clear_refs"u8);
        Errno error = KernelFile.Open(Files, path.Bytes, KernelFileAccess.Write, out KernelFile file);
        if (error != Errno.None)
            return error;
        using (file)
        {
            IoResult written = file.Write(0, "1"u8);
            Cost.Write(ClearRefsFile, 8);
            return written.Error;
        }
    }

    // ESRCH for one that is gone, or dead and waited for by nobody yet.
    private Errno TryFind(int pid, out Target target)
    {
        target = default;
        Errno error = Identify(KernelPath.Process(stackalloc byte[96], pid, "stat"u8), out ProcessStat identity);
        if (error != Errno.None)
            return error;
        target = new Target(pid, 0, identity);
        if (!identity.IsZombie)
            return Errno.None;

        // The first thread may end before the others; the memory is then theirs alone.
        error = ProcessList.ReadThreads(Files, pid, _listing, _threads);
        Span<byte> buffer = stackalloc byte[96];
        foreach (int thread in _threads)
        {
            error = Identify(KernelPath.Thread(buffer, pid, thread, "stat"u8), out identity);
            target = new Target(pid, thread, identity);
            if (error == Errno.None && !identity.IsZombie)
                return Errno.None;
        }

        return error == Errno.None ? Errno.ESRCH : error;
    }

    private Errno Identify(KernelPath path, out ProcessStat identity)
    {
        identity = default;
        using FileText text = FileText.Rent();
        Errno error = text.Load(Files, path.Bytes);
        return error != Errno.None ? error : ProcessStat.TryParse(text.Bytes, out identity) ? Errno.None : Errno.EINVAL;
    }

    // False for a process outside of the scope, which is left alone. A thread that has ended is in the root of a v1 hierarchy, wherever it was.
    private bool TryFindRow(in Target target, Memcg? scope, out int row)
    {
        row = _unattributedRow;
        Memcg? memcg = null;
        using (FileText text = FileText.Rent())
        {
            KernelPath path = target.Path(stackalloc byte[96], "cgroup"u8);
            if (text.Load(Files, path.Bytes) == Errno.None
                && ProcessCgroup.TryFindPath(text.Bytes, Tree.Hierarchy.Version, out ReadOnlySpan<byte> cgroup))
            {
                memcg = Tree.FindCharged(cgroup);
            }
        }

        if (memcg is not null)
            row = memcg.Row;
        return options.Memcg is null || (memcg is not null && scope is not null && memcg.IsWithin(scope));
    }

    private static int IndexOf(IReadOnlyList<int> pids, int pid)
    {
        for (int i = 0; i < pids.Count; i++)
        {
            if (pids[i] == pid)
                return i;
        }

        return -1;
    }
}
