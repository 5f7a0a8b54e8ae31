namespace ColdPages;

/// <summary>Makes a snapshot of what a pass has left.</summary>
internal sealed class SnapshotMaker(KernelFiles files, MemcgTree tree, AgeSource source, PassClock clock, ColdPageTrackerOptions options)
{
    private readonly MemcgMemoryReader _memory = new(files, tree.Hierarchy.Version);
    private readonly string _kernel = KernelRelease.Read(files) ?? "unknown";
    private int[] _indexes = [];
    private long[] _values = [];
    private long[] _promotions = [];
    private long[] _idleDetail = [];
    private MemcgDetailReader? _detail;

    public ColdPageSnapshot Make(DateTimeOffset takenAt, int goodPasses, Problem? failure, CancellationToken cancellationToken)
    {
        TimeSpan[] edges = failure is null ? clock.Edges(source.Bins - 1) : [TimeSpan.Zero];
        int[]? nodes = options.Detail && failure is null ? AskDetail(edges.Length, cancellationToken) : null;
        SnapshotData data = new(edges, nodes);
        AgeHistogram unattributed = new(edges, new long[data.ValuesPerHistogram]);
        List<ProcessAges> processes = [];
        if (failure is null)
        {
            AddMemcgs(data);
            long[] values = new long[data.ValuesPerHistogram];
            source.CopyAges(null, values);
            Confirmation.Apply(values, options.ConfirmScans);
            unattributed = new AgeHistogram(edges, values);
            for (int i = 0; i < options.Processes.Count; i++)
            {
                values = new long[data.ValuesPerHistogram];
                if (!source.TryCopyProcessAges(i, values))
                    continue;
                Confirmation.Apply(values, options.ConfirmScans);
                processes.Add(new ProcessAges(options.Processes[i], ReadName(options.Processes[i]), new AgeHistogram(edges, values)));
            }
        }

        List<Doubt> doubts = SourceProbe.Conflicts(files, source.Kind);
        bool isThere = failure is not null || options.Memcg is null || tree.FindText(options.Memcg) is not null;
        if (!isThere)
            doubts.Add(new Doubt($"There is no memcg '{options.Memcg}'.", 0));
        if (failure is null)
            source.AddDoubts(doubts);
        if (failure is null && goodPasses < 2)
            doubts.Add(new Doubt("Only one pass was made so far: nothing was watched for long enough to be idle.", 0));
        doubts = [.. doubts.OrderByDescending(doubt => doubt.Bytes)];
        string? failureText = failure is null ? null : $"{failure.Why} {failure.Remedy}";

        string[] confirmed = options.ConfirmScans == 1 || options.Passive ? []
            : [$"Memory counts as idle where {options.ConfirmScans} passes in a row found it so; what fewer did is told as touched, and as perhaps idle."];

        // What is particular to this pass comes before what every report says.
        string[] failed = failureText is null ? [] : [$"The last pass failed: {failureText}"];
        string[] warnings = [.. failed, .. doubts.Select(doubt => doubt.Why), .. confirmed, .. source.Notes];
        MemInfo host = MemInfo.Read(files);
        return new ColdPageSnapshot(data)
        {
            Source = source.Kind,
            Attribution = source.Attribution,
            KindsMerged = source.KindsMerged,
            Kernel = _kernel,
            TakenAt = takenAt,
            Scans = clock.Ended,
            Interval = options.Interval,
            Warnings = Array.AsReadOnly(warnings),
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
            Processes = processes.AsReadOnly(),
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

        // In reverse tree order those below come first: whoever holds bytes, or has held some that were promoted, wants all above it.
        Memcg? top = options.Memcg is null ? tree.Root : tree.FindText(options.Memcg);
        if (_idleDetail.Length != data.IdleDetailValues)
            _idleDetail = new long[data.IdleDetailValues];
        for (int i = tree.InOrder.Count - 1; i >= 0; i--)
        {
            Memcg memcg = tree.InOrder[i];
            source.CopyAges(memcg, _values);
            if (memcg == top || _values.AsSpan().ContainsAnyExcept(0L) || HasPromotions(memcg) || (data.Nodes is not null && HasDetail(memcg)))
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
            Confirmation.Apply(_values, options.ConfirmScans);
            if (source.TryCopyPromotions(memcg, _promotions))
                Confirmation.ApplyToPromotions(_promotions, options.ConfirmScans);
            _indexes[memcg.Row] = data.Add(
                outermost ? KernelName.ToText(memcg.Path) : memcg.NameText, outermost ? -1 : _indexes[memcg.Parent!.Row],
                memcg.Inode, _memory.Read(memcg), _values, _promotions);
            if (data.Nodes is null)
                continue;
            bool hasIdle = source.TryCopyDetail(memcg, _idleDetail);
            Confirmation.ApplyToDetail(_idleDetail, IdleDetailLayout.Stride(data.Nodes.Length), options.ConfirmScans);
            data.AddDetail(_detail!.Local(memcg), hasIdle ? _idleDetail : default);
        }

        data.Trim();
    }

    private bool HasPromotions(Memcg memcg) => source.TryCopyPromotions(memcg, _promotions) && _promotions.AsSpan().ContainsAnyExcept(0L);

    private bool HasDetail(Memcg memcg) => _detail!.Local(memcg).Values.ContainsAnyExceptInRange(MemcgDetail.Unknown, 0);

    // What this costs is the run's too.
    private int[] AskDetail(int bins, CancellationToken cancellationToken)
    {
        CpuTime before = files.ThreadCpu;
        NodeFrames nodes = NodeFrames.Read(files);
        nodes.LimitTo((SparseRows.MaxLength / bins) - IdleDetailLayout.States);
        source.AskDetail(nodes, cancellationToken);
        _detail ??= new MemcgDetailReader(files, tree);
        _detail.Read(nodes.Nodes);
        source.Cost.Cpu += files.ThreadCpu - before;
        return nodes.Nodes;
    }

    private ScanConfidence Judge(List<Doubt> doubts, SnapshotData data, AgeHistogram unattributed, bool mayAct)
    {
        long tracked = unattributed.TotalBytes;
        if (data.Count > 0)
        {
            long[] sums = new long[data.ValuesPerHistogram];
            data.Sum(0, MemcgScope.Hierarchical, sums);
            tracked += new AgeHistogram(data.Edges, sums).TotalBytes;
        }

        long doubtful = Math.Min(tracked, doubts.Sum(doubt => Math.Min(tracked, doubt.Bytes)));
        PassEvidence? evidence = source.Evidence;
        return new ScanConfidence(mayAct && doubtful <= tracked / 100, doubtful, Array.AsReadOnly([.. doubts.Select(doubt => doubt.Why)]))
        {
            ScanTime = clock.PassTime,
            AdoptedBytes = evidence?.Adopted * files.PageSize,
            AskedAgainBytes = evidence?.AskedAgain * files.PageSize,
            UnseenBytes = evidence?.Unseen * files.PageSize,
            MissedBytes = evidence?.Missed * files.PageSize,
        };
    }

    private string ReadName(int pid)
    {
        using FileText text = FileText.Rent();
        KernelPath path = KernelPath.Process(stackalloc byte[64], pid, "comm"u8);
        return text.Load(files, path.Bytes) == Errno.None ? KernelName.ToText(text.Bytes.TrimEnd((byte)'\n')) : "";
    }
}
