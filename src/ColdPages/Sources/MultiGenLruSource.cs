using System.Runtime.InteropServices;

namespace ColdPages;

/// <summary>
/// Ages from the multi-generational LRU: each pass makes a new generation for each memcg and node, which sorts pages into those touched since the last pass and the rest. It knows sizes and no pages, and bounds where the kernel
/// does not show a touch.
/// </summary>
internal sealed class MultiGenLruSource(KernelFiles files, MemcgTree tree, SourceOptions options) : AgeSource(files, tree)
{
    // The kernel counts ages in ticks of up to 10 ms.
    private static readonly TimeSpan s_tick = TimeSpan.FromMilliseconds(50);

    private readonly Dictionary<Memcg, List<GenerationRecord>> _records = [];
    private readonly List<Memcg> _gone = [];
    private readonly List<Command> _commands = [];
    private readonly MemcgGenerations _generations = new(files, tree);
    private readonly MemcgLru _lru = new(files, tree);
    private readonly MappedMemory _mapped = new(files, tree);
    private readonly GenerationFlows _flows = new(files);
    private readonly Dictionary<Memcg, GenerationPromotions> _promotions = [];

    // By row, pages that no touch need be seen of: in this pass and in the two before.
    private (long Now, long Before, long Earlier)[] _unseen = [];

    // Pages of removed memcgs, which are their parents' by now, and whose generations nobody can make: by row, anonymous ones and page cache.
    private (long Anon, long File)[] _removed = [];
    private long[] _scratch = [];
    private long _recordCount;
    // Pages of memcgs that are not of the tree.
    private (long Anon, long File) _foreign;
    private int _pass = -1;
    private bool _isWhole;
    private bool _hasSwap;
    private int _restarted;
    private int _malformed;
    private int _notAged;
    private Errno _lastError;

    private readonly record struct Command(Memcg Memcg, int Node, ulong Id, ulong Youngest, long OldAnon);

    public override ColdPageSource Kind => ColdPageSource.MultiGenLru;

    public override string Attribution => "charge";

    public override IReadOnlyDictionary<PageKind, PageKind> KindsMerged => Merged;

    /// <summary>Shared memory is on the lists of anonymous memory.</summary>
    public static IReadOnlyDictionary<PageKind, PageKind> Merged { get; } = new Dictionary<PageKind, PageKind> { [PageKind.Shmem] = PageKind.Anon }.AsReadOnly();

    public override IReadOnlyList<string> Notes { get; } =
    [
        "Shared memory is counted as anonymous. Page cache is told by bounds: reads by read(2) move no page to a younger generation, and fresh page cache begins in an old one; so all of it may have been touched just now.",
        "The multi-generational LRU does not see touches by processes of other memcgs than the one charged. What its own processes do not map is therefore told by bounds; what both map (a parent's memory that a child "
            + "in another memcg goes on using) may look idle, and so may a process's memory while it is in mmap, mprotect or many page faults at the time of a pass, and what it has advised to be MADV_RANDOM, MADV_SEQUENTIAL or MADV_COLD.",
        "Promotions are those of anonymous and shared memory, and not of page cache. Which of several idle pages was touched is not told: what is certain counts at the shortest time that it may have been idle, what is possible at the longest.",
    ];

    public override long StateBytes =>
        (_recordCount * (GenerationRecord.StateBytes + 120)) + _lru.StateBytes + _mapped.StateBytes + (((_removed.Length * 2L) + (_unseen.Length * 3L) + _scratch.Length) * sizeof(long))
        + (_promotions.Count * (PromotionCounts.StateBytes + 80));

    public override int Bins => Math.Min(_pass, PassClock.MaxPasses) + 1;

    // As many as the pass before told ages in.
    private int BinsBefore => Math.Min(_pass, PassClock.MaxPasses + 1);

    public override Problem? Pass(PassClock clock, CancellationToken cancellationToken)
    {
        _pass = clock.Current;
        _restarted = _malformed = _notAged = 0;
        _lastError = Errno.None;
        if ((GenerationRefusals.Refuse(Files) ?? GenerationRefusals.RefuseInterval(Files, options.Interval)) is { } problem)
            return problem;
        Errno error = KernelFile.Open(Files, LruGen.Path, KernelFileAccess.ReadWrite, out KernelFile file);
        if (error != Errno.None)
            return Failed("opened", error);
        using (file)
        {
            // A pass that was cancelled, or whose sizes could not be read, leaves steps that nothing is known of.
            if (!_isWhole)
                RestartAll();
            _isWhole = false;
            DropGone();
            _flows.Begin();
            error = ReadBefore();
            if (error != Errno.None)
                return Failed("read", error);
            _flows.Command();
            foreach (Command command in _commands)
            {
                cancellationToken.ThrowIfCancellationRequested();
                Age(file, command);
            }

            if (_notAged > 0 && _notAged == _commands.Count)
                return Failed("written", _lastError);
            error = ReadAfter();
            if (error != Errno.None)
                return Failed("read", error);
            _flows.End();
            _isWhole = true;
        }

        _hasSwap = MemInfo.Read(Files).SwapFree > 0;
        _lru.Read();

        // Not to be cancelled: the next pass could not tell any more what this one found touched.
        error = _mapped.Read();
        CountPromotions();
        return error == Errno.None ? null : new Problem($"{Files.Display("/proc")} could not be listed: {error.Describe()}.", "Mount procfs there, or give the root that has it.");
    }

    public override void CopyAges(Memcg? memcg, Span<long> values)
    {
        values.Clear();
        int bins = values.Length / BinLayout.Stride;
        if (memcg is null)
        {
            // Nobody made generations of these.
            values[(int)PageKind.Anon] = _foreign.Anon * Files.PageSize;
            values[(int)PageKind.File] = _foreign.File * Files.PageSize;
            for (int bin = 1; bin < bins; bin++)
                values[(bin * BinLayout.Stride) + BinLayout.Excess] = (_foreign.Anon + _foreign.File) * Files.PageSize;
            return;
        }

        Span<long> atLeast = Scratch(bins, out Span<long> atMost, out Span<long> file);
        if (_records.TryGetValue(memcg, out List<GenerationRecord>? records))
        {
            foreach (GenerationRecord record in records)
                record.AddTo(atLeast, atMost, file);
        }

        (long removedAnon, long removedFile) = memcg.Row < _removed.Length ? _removed[memcg.Row] : default;
        long unseen = UnseenAnon(memcg, atLeast[0]);
        long all = atLeast[0] + removedAnon;
        for (int bin = bins - 1; bin >= 0; bin--)
        {
            long certain = bin == 0 ? all : Math.Max(0, atLeast[bin] - unseen);
            long older = bin + 1 < bins ? Math.Max(0, atLeast[bin + 1] - unseen) : 0;
            Span<long> numbers = values.Slice(bin * BinLayout.Stride, BinLayout.Stride);
            numbers[(int)PageKind.Anon] = (certain - older) * Files.PageSize;
            if (bin == 0)
                numbers[(int)PageKind.File] = (file[0] + removedFile) * Files.PageSize;
            else
                numbers[BinLayout.Excess] = (atMost[bin] - certain + file[bin] + removedAnon + removedFile) * Files.PageSize;
        }
    }

    public override bool TryCopyPromotions(Memcg memcg, Span<long> values)
    {
        values.Clear();
        if (_promotions.TryGetValue(memcg, out GenerationPromotions? promotions))
        {
            for (int bin = 0; bin < values.Length / 2; bin++)
            {
                values[bin * 2] = promotions.Counts.AtLeast[bin] * Files.PageSize;
                values[(bin * 2) + 1] = promotions.Counts.AtMost[bin] * Files.PageSize;
            }
        }

        return true;
    }

    public override void AddDoubts(List<Doubt> doubts)
    {
        if (_restarted > 0)
            doubts.Add(new Doubt($"Somebody else, or reclaim, made generations of {_restarted} memcgs, or took memcgs below them away; their ages begin anew.", 0));
        if (_malformed > 0)
            doubts.Add(new Doubt($"{_malformed} lines of {Files.Display(LruGen.Name)} could not be understood; what they tell of is not counted.", 0));
        if (_notAged > 0)
            doubts.Add(new Doubt($"Of {_notAged} memcgs no generation could be made ({_lastError.Describe()}); counted as just touched.", 0));
        if (!_hasSwap)
            doubts.Add(new Doubt("There is no free swap, so the kernel may put idle anonymous pages among those just touched or the other way round; they are told by bounds.", 0));
        if (_mapped.Unread > 0)
            doubts.Add(new Doubt($"What {_mapped.Unread} processes map could not be read; what they map themselves is told by bounds.", 0));
        if (_lru.Unread > 0)
            doubts.Add(new Doubt($"memory.stat of {_lru.Unread} memcgs could not be read; what their own processes do not map is not known.", 0));
    }

    // A memcg that was removed hands its pages to the one above, on kernels after 6.12 generation by generation.
    private void DropGone()
    {
        _gone.Clear();
        foreach (Memcg memcg in _records.Keys)
        {
            if (Tree.FindPath(memcg.Path) != memcg)
                _gone.Add(memcg);
        }

        foreach (Memcg memcg in _gone)
        {
            _recordCount -= _records[memcg].Count;
            _records.Remove(memcg);
            Memcg? above = memcg.Parent;
            while (above is not null && Tree.FindPath(above.Path) != above)
                above = above.Parent;
            if (_promotions.Remove(memcg, out GenerationPromotions? promotions) && above is not null)
                PromotionsOf(above).Counts.Add(promotions.Counts);
            if (above is null || !_records.TryGetValue(above, out List<GenerationRecord>? records))
                continue;
            foreach (GenerationRecord record in records)
                Restart(above, record);
        }
    }

    private void RestartAll()
    {
        foreach ((Memcg memcg, List<GenerationRecord> records) in _records)
        {
            foreach (GenerationRecord record in records)
                Restart(memcg, record);
        }
    }

    // All that was idle may have been touched since.
    private void Restart(Memcg memcg, GenerationRecord record)
    {
        _restarted += record.Youngest is null ? 0 : 1;
        Span<long> atLeast = Scratch(BinsBefore, out Span<long> atMost, out _);
        record.AddLost(atLeast, atMost);
        if (atMost.ContainsAnyExcept(0L))
            PromotionsOf(memcg).Add(atLeast, atMost, 0, long.MaxValue);
        record.Restart();
    }

    private void CountPromotions()
    {
        if (_unseen.Length < Tree.Rows)
            Array.Resize(ref _unseen, Math.Max(Tree.Rows, _unseen.Length * 2));
        int bins = BinsBefore;
        long returned = _flows.SwappedInLate + _flows.Returned;
        foreach ((Memcg memcg, List<GenerationRecord> records) in _records)
        {
            ref (long Now, long Before, long Earlier) unseen = ref _unseen[memcg.Row];
            unseen = (UnseenAnon(memcg, long.MaxValue / 256), unseen.Now, unseen.Before);
            Span<long> olderAtLeast = Scratch(bins, out Span<long> olderAtMost, out _);
            long atLeast = 0;
            long atMost = 0;
            long undated = 0;
            foreach (GenerationRecord record in records)
            {
                record.AddBefore(olderAtLeast, olderAtMost);
                atLeast += record.PromotedAtLeast;
                atMost += record.PromotedAtMost(returned);
                undated += record.UndatedPromoted(returned);
            }

            if (undated > 0 && bins > 1)
                PromotionsOf(memcg).Counts.Add(bins - 1, 0, undated);
            if (atMost > 0)
                PromotionsOf(memcg).Add(olderAtLeast, olderAtMost, Math.Max(0, atLeast - _flows.Departed - Math.Max(unseen.Now, Math.Max(unseen.Before, unseen.Earlier))), atMost);
        }
    }

    private GenerationPromotions PromotionsOf(Memcg memcg)
    {
        ref GenerationPromotions? promotions = ref CollectionsMarshal.GetValueRefOrAddDefault(_promotions, memcg, out _);
        return promotions ??= new GenerationPromotions();
    }

    private Span<long> Scratch(int bins, out Span<long> second, out Span<long> third)
    {
        if (_scratch.Length < bins * 3)
            _scratch = new long[bins * 3];
        _scratch.AsSpan().Clear();
        second = _scratch.AsSpan(bins, bins);
        third = _scratch.AsSpan(bins * 2, bins);
        return _scratch.AsSpan(0, bins);
    }

    private GenerationRecord? TryFindRecord(Memcg memcg, int node)
    {
        if (!_records.TryGetValue(memcg, out List<GenerationRecord>? records))
            return null;
        foreach (GenerationRecord record in records)
        {
            if (record.Node == node)
                return record;
        }

        return null;
    }

    private GenerationRecord MakeRecord(Memcg memcg, int node)
    {
        if (!_records.TryGetValue(memcg, out List<GenerationRecord>? records))
            _records.Add(memcg, records = new List<GenerationRecord>(1));
        GenerationRecord record = new(node);
        records.Add(record);
        _recordCount++;
        return record;
    }

    // What generations there are, and which memcgs have pages at all.
    private Errno ReadBefore()
    {
        _commands.Clear();
        using FileText text = FileText.Rent();
        Errno error = Load(text);
        if (error != Errno.None)
            return error;
        Memcg? memcg = null;
        GenerationRecord? record = null;
        Command current = default;
        long pages = 0;
        LruGenText rows = new(text.Bytes);
        while (rows.MoveNext())
        {
            LruGeneration row = rows.Current;
            memcg = _generations.Find(row);
            if (memcg is null)
                continue;
            if (row.IsFirst)
            {
                Add(current, pages);
                current = new Command(memcg, row.Node, row.MemcgId, row.Sequence, 0);
                record = TryFindRecord(memcg, row.Node);
                pages = 0;
            }

            current = current with
            {
                Youngest = Math.Max(current.Youngest, row.Sequence),
                OldAnon = current.OldAnon + (record is not null && record.IsOld(row.Sequence) ? row.AnonPages : 0),
            };
            pages += row.AnonPages + row.FilePages;
        }

        Add(current, pages);
        return Errno.None;

        void Add(Command command, long pages)
        {
            if (command.Memcg is not null && pages > 0)
                _commands.Add(command);
        }
    }

    private void Age(KernelFile file, Command command)
    {
        GenerationRecord record = TryFindRecord(command.Memcg, command.Node) ?? MakeRecord(command.Memcg, command.Node);
        if (record.Youngest is { } youngest && youngest != command.Youngest)
            Restart(command.Memcg, record);

        long commandedAt = options.Time.GetTimestamp();
        IoResult written = LruGen.Age(file, command.Id, command.Node, command.Youngest);
        Cost.WriteEntries(LruGen.Name, 1);
        if (written.Ok)
        {
            record.Step(_pass, command.Youngest + 1, commandedAt, _flows.SwappedIn, command.OldAnon);
            return;
        }

        Restart(command.Memcg, record);
        _notAged++;
        _lastError = written.Error;
    }

    private Errno ReadAfter()
    {
        foreach (List<GenerationRecord> records in _records.Values)
        {
            foreach (GenerationRecord record in records)
                record.ClearSizes();
        }

        if (_removed.Length < Tree.Rows)
            _removed = new (long, long)[Math.Max(Tree.Rows, _removed.Length * 2)];
        Array.Clear(_removed);
        _foreign = default;
        using FileText text = FileText.Rent();
        Errno error = Load(text);
        if (error != Errno.None)
            return error;

        // First the youngest of each. A command that finds a walk under way makes none and says nothing (Linux 6.12), and somebody else may have made more.
        LruGenText rows = new(text.Bytes);
        while (rows.MoveNext())
        {
            if (_generations.Find(rows.Current) is { } memcg && TryFindRecord(memcg, rows.Current.Node) is { } record)
                record.See(rows.Current.Sequence, rows.Current.AgeMilliseconds);
        }

        foreach ((Memcg memcg, List<GenerationRecord> records) in _records)
        {
            foreach (GenerationRecord record in records)
            {
                // One that is older than the command is reclaim's, which need not have looked at all page tables: up to 6.12 the command then finds it there, does nothing and says nothing.
                if (record.Youngest is { } youngest && (record.Seen != youngest || record.SeenAge > options.Time.GetElapsedTime(record.CommandedAt) + s_tick))
                    Restart(memcg, record);
            }
        }

        rows = new(text.Bytes);
        while (rows.MoveNext())
        {
            LruGeneration row = rows.Current;
            if (_generations.Find(row) is not { } memcg)
            {
                if (_generations.FindHeir(row) is not { } heir)
                    _foreign = (_foreign.Anon + row.AnonPages, _foreign.File + row.FilePages);
                else
                    _removed[heir.Row] = (_removed[heir.Row].Anon + row.AnonPages, _removed[heir.Row].File + row.FilePages);
                continue;
            }

            GenerationRecord? record = TryFindRecord(memcg, row.Node);
            if (record is null && row.AnonPages + row.FilePages == 0)
                continue;
            record ??= MakeRecord(memcg, row.Node);
            record.Add(row.Sequence, row.AnonPages, row.FilePages);
        }

        _malformed = rows.Malformed;
        foreach ((Memcg memcg, List<GenerationRecord> records) in _records)
        {
            foreach (GenerationRecord record in records)
            {
                // Without a step in this pass nobody looked who was touched.
                if (record.Youngest is not null && record.SteppedAt != _pass)
                    Restart(memcg, record);
                record.EndSizes();
            }
        }

        return Errno.None;
    }

    // Of a memcg's own, pages that nobody of it maps: a process elsewhere may touch them, or read and write shared memory as a file.
    private long UnseenAnon(Memcg memcg, long all)
    {
        if (!_hasSwap || _mapped.Unread > 0 || _lru.LocalBytes(memcg, PageKind.Anon) is not { } anon)
            return all;

        // Not with what memory.stat may lack: that is of the last seconds, and what is told old here was there before.
        long shmem = _lru.LocalBytes(memcg, PageKind.Shmem) ?? 0;

        // What is off its list for a moment is counted as page cache or shared memory all the same, and then seems to leave less of anonymous memory than is listed.
        anon = Math.Max(anon, ListedAnonBytes(memcg) - shmem);
        ProcessMemory own = _mapped.Of(memcg);
        ProcessMemory others = _mapped.Total - own;
        long unseen = Math.Max(0, anon - own.Anon) + (_flows.SwappedInLate * Files.PageSize) + Math.Min(shmem, Math.Max(0, shmem - _mapped.LargestShmem(memcg)) + others.Shmem);
        return Math.Min(all, unseen / Files.PageSize);
    }

    private long ListedAnonBytes(Memcg memcg)
    {
        long pages = 0;
        if (_records.TryGetValue(memcg, out List<GenerationRecord>? records))
        {
            foreach (GenerationRecord record in records)
                pages += record.AnonPages;
        }

        return pages * Files.PageSize;
    }

    private Errno Load(FileText text)
    {
        Errno error = _generations.Load(text);
        Cost.Read(LruGen.Name, text.Bytes.Length);
        return error;
    }

    private Problem Failed(string what, Errno error) => new(
        $"{Files.Display(LruGen.Name)} could not be {what}: {error.Describe()}.", "See that debugfs is still mounted and writable, and that this process is still root.");
}
