using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace ColdPages;

/// <summary>
/// Ages from /proc/PID/clear_refs and smaps: bytes of each mapping touched since the bits were cleared. It knows no page, so it keeps no
/// ages of its own: what is idle is idle since the last clear, and what was touched may have been touched at any time since.
/// </summary>
/// <remarks>
/// The bits gather over a window of passes and are cleared at its end. Clearing loses what was touched between the read before it and the
/// clear itself, so an age never reaches back beyond the clear.
/// </remarks>
internal sealed class ReferencedSource(KernelFiles files, MemcgTree tree, SourceOptions options) :
    AgeSource(files, tree, options.Processes.Count)
{
    private const string SmapsFile = "/proc/PID/smaps";
    private const string ClearRefsFile = "/proc/PID/clear_refs";

    /// <summary>What a dictionary keeps beside key and value: a bucket, a hash code and a link.</summary>
    private const int HashEntryBytes = 12;

    private readonly Dictionary<int, Watched> _watched = [];
    private readonly List<int> _pids = [];
    private readonly List<int> _forgotten = [];
    private readonly DirectoryListing _listing = new();
    private readonly MappingKinds _kinds = new(files);
    private bool _everCleared;
    private long? _scannedAtClear;
    private int _windowStart;
    private Refusals _notRead;
    private Refusals _notCleared;
    private int _left;
    private long? _pagesScanned;

    /// <summary>What is remembered of a process between passes.</summary>
    private struct Watched
    {
        public ProcessStat Identity;
        public int ClearedAt;
        public int SeenAt;
    }

    public override ColdPageSource Kind => ColdPageSource.Referenced;

    public override string Attribution => "process";

    public override IReadOnlyList<string> Notes { get; } =
    [
        "Bytes are by process, not by charge: pages that processes share count in each, and page cache that nobody maps is not seen.",
        "Ages reach back to the last clear of the accessed bits; promotions are not counted by this source.",
    ];

    public override long StateBytes =>
        base.StateBytes + (_watched.Capacity * (long)(sizeof(int) + Unsafe.SizeOf<Watched>() + HashEntryBytes));

    public override Problem? Pass(PassClock clock, CancellationToken cancellationToken)
    {
        int pass = clock.Current;
        _notRead = _notCleared = default;
        _left = 0;
        Array.Clear(ProcessesSeen);

        // The bins reach back to the start of the window; when it is over, this pass reads it and the next one opens.
        bool clear = pass - _windowStart >= options.ReferencedWindow;
        UnattributedRow = Tree.Rows;
        int oldest = Math.Min(pass - _windowStart, PassClock.MaxPasses);
        Histograms.Reset(Tree.Rows + 1 + options.Processes.Count, oldest + 1);
        Errno error = ProcessList.Read(Files, _listing, _pids);
        if (error != Errno.None)
        {
            return new Problem(
                $"{Files.Display("/proc")} could not be listed: {error.Describe()}.", "Mount procfs there, or give the root that has it.");
        }

        // Before the first clear of this pass, and again after the last read, so that no page reclaimed from is missed.
        long? scannedBefore = VmStat.ReadPagesScanned(Files);
        bool first = !_everCleared;
        if (first)
        {
            _everCleared = true;
            _scannedAtClear = scannedBefore;
        }

        _kinds.BeginPass();
        Memcg? scope = options.Memcg is null ? Tree.Root : Tree.FindText(options.Memcg);
        foreach (int pid in _pids)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Visit(pid, pass, clear, scope);
        }

        Forget(pass);
        _pagesScanned = first ? 0 : VmStat.ReadPagesScanned(Files) - _scannedAtClear;
        if (clear)
        {
            _windowStart = pass;
            _scannedAtClear = scannedBefore;
        }

        return null;
    }

    private void Visit(int pid, int pass, bool clear, Memcg? scope)
    {
        if (!TryIdentify(pid, out ProcessStat identity) || identity.IsZombie)
            return;
        if (!TryFindRow(pid, scope, out int row))
            return;
        Tally tally = new(_kinds, pid);
        KernelPath smaps = KernelPath.Process(stackalloc byte[64], pid, "smaps"u8);
        Errno error = Smaps.Read(Files, smaps.Bytes, ref tally, out long bytesRead);
        Cost.Read(SmapsFile, bytesRead);

        // A process that leaves, or executes another program, while it is read gives the first part of its mappings and no error.
        if (!TryIdentify(pid, out ProcessStat after) || after != identity)
        {
            _left++;
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

        ref Watched watched = ref CollectionsMarshal.GetValueRefOrAddDefault(_watched, pid, out bool known);
        bool adopted = !known || watched.Identity != identity;
        watched.SeenAt = pass;
        int age = adopted ? 0 : Math.Min(pass - watched.ClearedAt, PassClock.MaxPasses);
        Count(tally, age, row);
        int apart = IndexOf(options.Processes, pid);
        if (apart >= 0)
        {
            Count(tally, age, UnattributedRow + 1 + apart);
            ProcessesSeen[apart] = true;
        }

        if (!adopted && !clear)
            return;
        watched.Identity = identity;
        watched.ClearedAt = pass;
        error = ClearReferenced(pid);

        // Without a clear nothing is known of it: it is adopted again at the next pass, all of it young.
        if (error != Errno.None)
        {
            _watched.Remove(pid);
            if (!error.IsGone())
                _notCleared.Add(pid, error);
        }
    }

    // age: passes since the process's bits were cleared; 0 for one seen for the first time, of which nothing is known: it counts as touched.
    private void Count(in Tally tally, int age, int row)
    {
        Span<long> values = Histograms.Row(row);
        for (int kind = 0; kind < BinLayout.Kinds; kind++)
        {
            long idle = age == 0 ? 0 : tally.Idle(kind);
            long touched = tally.Resident(kind) - idle;
            values[kind] += touched;
            values[(age * BinLayout.Stride) + kind] += idle;

            // Touched since the clear, but when? In the younger bins for sure, in each of those between for all we know.
            for (int bin = 1; bin < age; bin++)
                values[(bin * BinLayout.Stride) + BinLayout.Excess] += touched;
        }
    }

    private bool TryIdentify(int pid, out ProcessStat identity)
    {
        identity = default;
        using FileText text = FileText.Rent();
        KernelPath path = KernelPath.Process(stackalloc byte[64], pid, "stat"u8);
        return text.Load(Files, path.Bytes) == Errno.None && ProcessStat.TryParse(text.Bytes, out identity);
    }

    // False for a process outside of the scope, which is left alone.
    private bool TryFindRow(int pid, Memcg? scope, out int row)
    {
        row = UnattributedRow;
        Memcg? memcg = null;
        using (FileText text = FileText.Rent())
        {
            KernelPath path = KernelPath.Process(stackalloc byte[64], pid, "cgroup"u8);
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

    // "1": the accessed bits of all mappings (Documentation/filesystems/proc.rst, clear_refs).
    private Errno ClearReferenced(int pid)
    {
        KernelPath path = KernelPath.Process(stackalloc byte[64], pid, "clear_refs"u8);
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

    private void Forget(int pass)
    {
        _forgotten.Clear();
        foreach ((int pid, Watched watched) in _watched)
        {
            if (watched.SeenAt != pass)
                _forgotten.Add(pid);
        }

        foreach (int pid in _forgotten)
            _watched.Remove(pid);
    }

    public override void AddDoubts(List<Doubt> doubts)
    {
        if (_notRead.Count > 0)
            doubts.Add(new Doubt($"{_notRead.Describe(Files, SmapsFile)} not be read; not counted.", 0));
        if (_notCleared.Count > 0)
            doubts.Add(new Doubt($"{_notCleared.Describe(Files, ClearRefsFile)} not be written; counted as just touched.", 0));
        if (_left > 0)
            doubts.Add(new Doubt($"{Processes(_left)} ended, or executed another program, while being read; not counted.", 0));
        if (_pagesScanned is null)
        {
            doubts.Add(new Doubt(
                $"{Files.Display("/proc/vmstat")} could not be read: there is no telling how many accessed bits reclaim has cleared.", 0));
        }

        if (_pagesScanned is > 0 and { } pages)
        {
            doubts.Add(new Doubt(
                $"Reclaim looked at {pages} pages since their accessed bits were cleared, and it clears them too: as many may look idle although they were touched.",
                pages * Files.PageSize));
        }
    }

    private static string Processes(int count) => count == 1 ? "1 process" : $"{count} processes";

    private static int IndexOf(IReadOnlyList<int> pids, int pid)
    {
        for (int i = 0; i < pids.Count; i++)
        {
            if (pids[i] == pid)
                return i;
        }

        return -1;
    }

    /// <summary>Processes that the kernel refused something of, and one of them as an example.</summary>
    private struct Refusals
    {
        private int _pid;
        private Errno _error;

        public int Count { get; private set; }

        public void Add(int pid, Errno error)
        {
            Count++;
            _pid = pid;
            _error = error;
        }

        public readonly string Describe(KernelFiles files, string file)
        {
            string path = files.Display(file.Replace("PID", _pid.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal));
            return $"{Processes(Count)} ({(Count == 1 ? "" : "such as ")}{path}: {_error.Describe()}) could";
        }
    }

    /// <summary>Adds up the mappings of one process.</summary>
    private struct Tally(MappingKinds kinds, int pid) : ISmapsVisitor
    {
        [InlineArray(BinLayout.Kinds)]
        private struct PerKind
        {
            private long _first;
        }

        private PerKind _resident;
        private PerKind _idle;

        public readonly long Resident(int kind) => _resident[kind];

        public readonly long Idle(int kind) => _idle[kind];

        public void Visit(in SmapsMapping mapping)
        {
            if (mapping.Rss <= 0)
                return;
            long anon = Math.Clamp(mapping.Anonymous, 0, mapping.Rss);
            long other = mapping.Rss - anon;
            long idle = mapping.Rss - Math.Clamp(mapping.Referenced, 0, mapping.Rss);

            // Only a private mapping of a file that was written to has both kinds, and smaps does not say which of them is idle: the
            // file's pages are taken first.
            long idleOther = Math.Min(idle, other);
            if (other > 0)
            {
                int kind = (int)kinds.Of(mapping, pid);
                _resident[kind] += other;
                _idle[kind] += idleOther;
            }

            _resident[(int)PageKind.Anon] += anon;
            _idle[(int)PageKind.Anon] += idle - idleOther;
        }
    }
}
