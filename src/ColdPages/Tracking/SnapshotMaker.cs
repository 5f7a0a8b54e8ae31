namespace ColdPages;

/// <summary>Makes a snapshot of what a pass has left.</summary>
internal sealed class SnapshotMaker(KernelFiles files, MemcgTree tree, AgeSource source, PassClock clock, ColdPageTrackerOptions options)
{
    private readonly MemcgMemoryReader _memory = new(files, tree.Hierarchy.Version);
    private readonly string _kernel = ReadKernel(files);
    private int[] _indexes = [];
    private long[] _values = [];
    private long[] _promotions = [];

    public ColdPageSnapshot Make(DateTimeOffset takenAt, int goodPasses, Problem? failure)
    {
        TimeSpan[] edges = failure is null ? clock.Edges(source.Bins - 1) : [TimeSpan.Zero];
        SnapshotData data = new(edges);
        AgeHistogram unattributed = new(edges, new long[data.ValuesPerHistogram]);
        List<ProcessAges> processes = [];
        if (failure is null)
        {
            AddMemcgs(data);
            long[] values = new long[data.ValuesPerHistogram];
            source.CopyAges(null, values);
            unattributed = new AgeHistogram(edges, values);
            for (int i = 0; i < options.Processes.Count; i++)
            {
                values = new long[data.ValuesPerHistogram];
                if (source.TryCopyProcessAges(i, values))
                    processes.Add(new ProcessAges(options.Processes[i], ReadName(options.Processes[i]), new AgeHistogram(edges, values)));
            }
        }

        List<string> warnings = [.. source.Notes];
        List<Doubt> doubts = SourceProbe.Conflicts(files, source.Kind);
        bool isThere = failure is not null || options.Memcg is null || tree.FindText(options.Memcg) is not null;
        if (!isThere)
            doubts.Add(new Doubt($"There is no memcg '{options.Memcg}'.", 0));
        if (failure is null)
            source.AddDoubts(doubts);
        string? failureText = failure is null ? null : $"{failure.Why} {failure.Remedy}";
        if (failureText is not null)
            warnings.Add($"The last pass failed: {failureText}");
        warnings.AddRange(doubts.Select(doubt => doubt.Why));
        MemInfo host = MemInfo.Read(files);
        return new ColdPageSnapshot(data)
        {
            Source = source.Kind,
            Attribution = source.Attribution,
            Kernel = _kernel,
            TakenAt = takenAt,
            Scans = clock.Ended,
            Interval = options.Interval,
            Warnings = warnings.AsReadOnly(),
            Confidence = Judge(doubts, data, unattributed, isThere && failure is null && goodPasses >= 2),
            Failure = failureText,
            Cost = new ScanCost(source.Cost.Cpu.User, source.Cost.Cpu.Kernel, source.Cost.EntriesRead(), source.Cost.EntriesWritten(), source.StateBytes),
            Host = new HostMemory
            {
                TotalBytes = host.Total,
                AvailableBytes = host.Available,
                SwapTotalBytes = host.SwapTotal,
                SwapFreeBytes = host.SwapFree,
                PageSize = files.PageSize,
            },
            Unattributed = unattributed,
            Processes = processes,
        };
    }

    private void AddMemcgs(SnapshotData data)
    {
        const int Left = -1;
        const int Wanted = 0;
        if (_indexes.Length < tree.Rows)
            _indexes = new int[tree.Rows];
        Array.Fill(_indexes, Left);
        if (_values.Length != data.ValuesPerHistogram)
            _values = new long[data.ValuesPerHistogram];
        if (_promotions.Length != data.PromotionValues)
            _promotions = new long[data.PromotionValues];

        // In reverse tree order those below come first: whoever holds bytes wants all above it.
        Memcg? top = options.Memcg is null ? tree.Root : tree.FindText(options.Memcg);
        for (int i = tree.InOrder.Count - 1; i >= 0; i--)
        {
            Memcg memcg = tree.InOrder[i];
            source.CopyAges(memcg, _values);
            if (memcg == top || _values.AsSpan().ContainsAnyExcept(0L))
                _indexes[memcg.Row] = Wanted;
            if (_indexes[memcg.Row] == Wanted && memcg.Parent is not null)
                _indexes[memcg.Parent.Row] = Wanted;
        }

        foreach (Memcg memcg in tree.InOrder)
        {
            if (_indexes[memcg.Row] == Left || top is null || !memcg.IsWithin(top))
                continue;
            bool outermost = memcg == top;
            source.CopyAges(memcg, _values);
            _ = source.TryCopyPromotions(memcg, _promotions);
            _indexes[memcg.Row] = data.Add(
                outermost ? KernelName.ToText(memcg.Path) : memcg.NameText, outermost ? -1 : _indexes[memcg.Parent!.Row],
                memcg.Inode, _memory.Read(memcg), _values, _promotions);
        }

        data.Trim();
    }

    private static ScanConfidence Judge(List<Doubt> doubts, SnapshotData data, AgeHistogram unattributed, bool mayAct)
    {
        long tracked = unattributed.TotalBytes;
        if (data.Count > 0)
        {
            long[] sums = new long[data.ValuesPerHistogram];
            data.Sum(0, MemcgScope.Hierarchical, sums);
            tracked += new AgeHistogram(data.Edges, sums).TotalBytes;
        }

        long doubtful = Math.Min(tracked, doubts.Sum(doubt => Math.Min(tracked, doubt.Bytes)));
        return new ScanConfidence(mayAct && doubtful <= tracked / 100, doubtful, Array.AsReadOnly([.. doubts.Select(doubt => doubt.Why)]));
    }

    private string ReadName(int pid)
    {
        using FileText text = FileText.Rent();
        KernelPath path = KernelPath.Process(stackalloc byte[64], pid, "comm"u8);
        return text.Load(files, path.Bytes) == Errno.None ? KernelName.ToText(text.Bytes.TrimEnd((byte)'\n')) : "";
    }

    private static string ReadKernel(KernelFiles files)
    {
        using FileText text = FileText.Rent();
        return text.Load(files, "/proc/sys/kernel/osrelease"u8) == Errno.None ? KernelName.ToText(text.Bytes.TrimEnd((byte)'\n')) : "unknown";
    }
}
