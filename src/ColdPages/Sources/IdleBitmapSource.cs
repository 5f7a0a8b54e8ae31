using System.Globalization;

namespace ColdPages;

/// <summary>
/// Ages from /sys/kernel/mm/page_idle/bitmap: every page of the host that is on an LRU list, exact by page. Each pass reads the whole bitmap, asks whose and what the
/// pages are that changed, and marks again what is not idle.
/// </summary>
internal sealed class IdleBitmapSource : AgeSource
{
    // As many pieces, 8 GiB of 4 KiB pages, may give errors before what lies behind them is given up.
    private const int MaxUnreadInRow = 64;

    // Looks of a pass at what it found idle, beside the first. Next to DAMON on a loaded machine two passes of three looks left 1.8 % of hot memory, of five 0.08 %.
    private const int LooksAgain = 4;

    private readonly PassMarks _marks = new();
    private readonly OwnerTable _owners;
    private readonly PageAges _ages;
    private readonly FolioQuestions _questions;
    private readonly PromotionTally _promotions;
    private readonly IdleBlockScan _scan;
    private readonly HiddenMoves _moves;
    private readonly MemcgLru _lru;
    private readonly GenerationWatch _generations;
    private readonly BitmapCanaries _canaries;
    private readonly long[] _olderByUpTo = new long[PassClock.MaxPasses + 2];
    private int _lastEnded = -1;
    private int _held;
    private long _heldPages;
    private int _heldBefore;
    private long _heldBeforePages;

    private readonly Action<CancellationToken>? _betweenLooks;

    // Made when it is asked for.
    private IdleStates? _states;
    private Errno _statesError;
    private string _statesFile = PageFlagsFile.Name;

    private BlockHistory[] _history = new BlockHistory[16];

    // One beyond the last block that the last pass could read.
    private int _blocks;
    private int _lastWords;
    private int _unread;
    private int _cutShort;
    private Errno _unreadError;
    private bool _hasTooMany;

    private long _excessPages;

    // Of those what was too many still when all had been asked about.
    private long _unexplained;
    private AskAgain _asked;

    /// <param name="files">The host.</param>
    /// <param name="tree">Its cgroups.</param>
    /// <param name="kind">What to call it: it serves simulated hosts too.</param>
    /// <param name="betweenLooks">Waits for a moment, after which each pass looks again at what it found idle; null where it is to look once.</param>
    public IdleBitmapSource(KernelFiles files, MemcgTree tree, ColdPageSource kind = ColdPageSource.IdleBitmap, Action<CancellationToken>? betweenLooks = null)
        : base(files, tree)
    {
        Kind = kind;
        _betweenLooks = betweenLooks;
        _owners = new OwnerTable(tree);
        _ages = new PageAges(_owners);
        _questions = new FolioQuestions(files, Cost);
        _promotions = new PromotionTally(_owners);
        _canaries = new BitmapCanaries(files, Cost);
        _scan = new IdleBlockScan(_ages, _owners, _questions, _promotions, _canaries, Cost);
        _moves = new HiddenMoves(files);
        _lru = new MemcgLru(files, tree);
        _generations = new GenerationWatch(files, tree, _lru, Cost);
        Notes =
        [
            string.Create(
                CultureInfo.InvariantCulture,
                $"Memory touched since the last pass is told as what memory.stat has on the LRU lists less what is idle; of what came or went in the last seconds it may lack {_lru.LagBytes / 1048576.0:0.#} MiB a memcg."),

            "Some touches leave no trace, and memory that is touched in no other way looks idle: some reads by read(2), copies on write, mappings that go (munmap, exec, exit), MADV_FREE and MADV_COLD, devices, O_DIRECT and pinned buffers, "
                + "other programs that clear accessed bits. docs/accuracy.md lists them.",

            .. files.HasOwnMemory || files.IsSimulated ? (string[])[]
                : ["Another program that marks pages idle would not be noticed: the host is measured by another root, where this process has no pages of its own to watch."],
        ];
    }

    public override ColdPageSource Kind { get; }

    public override string Attribution => "charge";

    public override IReadOnlyList<string> Notes { get; }

    public override long StateBytes =>
        _ages.StateBytes + _lru.StateBytes + _generations.StateBytes + _canaries.StateBytes + (_history.Length * (long)System.Runtime.CompilerServices.Unsafe.SizeOf<BlockHistory>()) + FolioQuestions.StateBytes + IdleBlockScan.StateBytes + (_states?.StateBytes ?? 0);

    public override PassEvidence? Evidence => new PassEvidence(
        _scan.Adopted, _scan.AskedAgain, _scan.Unseen, ((long)_unread * IdleBitmap.BlockFrames) + _questions.Unanswered + _scan.Crowded);

    public override int Bins => Math.Min(_marks.Pass, PassClock.MaxPasses) + 1;

    public override Problem? Pass(PassClock clock, CancellationToken cancellationToken)
    {
        foreach (byte mark in _marks.Begin(clock.Current))
            _ages.Retire(mark);
        _promotions.Begin();
        _owners.Reconcile();
        _ages.TidyOwners();
        Errno error = WordFile.Open(Files, PageFlagsFile.Path, KernelFileAccess.Read, out WordFile flags);
        if (error != Errno.None)
            return CannotOpen(PageFlagsFile.Name, error);
        using (flags)
        {
            error = WordFile.Open(Files, PageOwnersFile.Path, KernelFileAccess.Read, out WordFile owners);
            if (error != Errno.None)
                return CannotOpen(PageOwnersFile.Name, error);
            using (owners)
            {
                error = WordFile.Open(Files, IdleBitmap.Path, KernelFileAccess.ReadWrite, out WordFile bitmap);
                if (error != Errno.None)
                    return CannotOpen(IdleBitmap.Name, error);
                using (bitmap)
                {
                    _questions.Begin(flags, owners);
                    return Pass(bitmap, cancellationToken);
                }
            }
        }
    }

    public override void CopyAges(Memcg? memcg, Span<long> values)
    {
        values.Clear();
        if (memcg is null)
        {
            foreach (Owner owner in _owners.All)
            {
                if (owner.Memcg is null)
                    AddIdle(owner, values);
            }
        }
        else if (_owners.Of(memcg) is { } known)
            AddIdle(known, values);

        for (int kind = 0; memcg is not null && kind < BinLayout.Kinds; kind++)
        {
            // What is not idle was touched.
            long touched = _lru.LocalBytes(memcg, (PageKind)kind) ?? 0;
            for (int place = kind; place < values.Length; place += BinLayout.Stride)
                touched -= values[place];
            values[kind] += Math.Max(0, touched);
        }

        long untraced = _generations.UntracedBytes(memcg, out int traced);
        if (untraced > 0)
        {
            TakeUntraced(values, (int)PageKind.File, untraced, traced);
            TakeUntraced(values, (int)PageKind.Shmem, untraced, traced);
        }
    }

    public override bool TryCopyPromotions(Memcg memcg, Span<long> values)
    {
        values.Clear();
        if (_owners.Of(memcg)?.Promotions is { } promotions)
        {
            for (int bin = 0; bin < Math.Min(Bins, values.Length / 2); bin++)
            {
                values[bin * 2] = promotions.AtLeast[bin] * Files.PageSize;
                values[(bin * 2) + 1] = promotions.AtMost[bin] * Files.PageSize;
            }
        }

        return true;
    }

    public override void AskDetail(NodeFrames nodes, CancellationToken cancellationToken)
    {
        _states ??= new IdleStates(_ages, _owners, Files, Cost);
        _statesError = _states.Ask(nodes, cancellationToken, out _statesFile);
    }

    public override bool TryCopyDetail(Memcg memcg, Span<long> values)
    {
        values.Clear();
        if (_states is null || _statesError != Errno.None)
            return false;
        if (_owners.Of(memcg) is { } owner)
            _states.AddTo(owner, _marks.Pass, values);
        return true;
    }

    public override void Dispose()
    {
        _canaries.Dispose();
        base.Dispose();
    }

    public override void AddDoubts(List<Doubt> doubts)
    {
        if (_unread > 0)
            doubts.Add(new Doubt($"{Pieces(_unread)} of {Files.Display(IdleBitmap.Name)} could not be read: {_unreadError.Describe()}; counted as just touched.", 0));
        if (_cutShort > 0)
            doubts.Add(new Doubt($"{Pieces(_cutShort)} of {Files.Display(IdleBitmap.Name)} ended early, or memory was added or taken out meanwhile; what they lacked counts as just touched.", 0));
        if (_scan.Unmarked > 0)
            doubts.Add(new Doubt($"{Pieces(_scan.Unmarked)} of {Files.Display(IdleBitmap.Name)} could not be written: {Why(_scan.LastError)}; not marked, counted as just touched.", 0));
        if (_questions.Unanswered > 0)
        {
            doubts.Add(new Doubt($"Of {_questions.Unanswered} pages {Files.Display(PageFlagsFile.Name)} or kpagecgroup did not say what they are ({Why(_questions.LastError)}); counted as just touched.", 0));
        }

        if (_statesError != Errno.None)
            doubts.Add(new Doubt($"{Files.Display(_statesFile)} could not be opened: {_statesError.Describe()}; in which state idle memory is, is not told.", 0));
        else if (_states?.Unanswered > 0)
            doubts.Add(new Doubt($"Of {_states.Unanswered} idle pages {Files.Display(PageFlagsFile.Name)} did not say in which state they are ({Why(_states.LastError)}); that is told as unknown.", 0));
        if (_statesError == Errno.None && _states?.Shared.Unanswered > 0)
            doubts.Add(new Doubt($"Of {_states.Shared.Unanswered} idle pages {Files.Display(PageMappingsFile.Name)} did not say how often they are mapped ({Why(_states.Shared.LastError)}); they are not told as shared.", 0));
        if (_scan.Crowded > 0)
            doubts.Add(new Doubt($"{_scan.Crowded} idle pages lie among those of too many other memcgs to be told apart; counted as just touched.", 0));
        if (_scan.Unseen > 0)
        {
            doubts.Add(new Doubt(
                $"{_scan.Unseen} idle pages were off their LRU lists for a moment and could not be looked at; they are told as idle as before.", _scan.Unseen * Files.PageSize));
        }

        if (_generations.WasSwitched)
            doubts.Add(new Doubt("The multi-generational LRU was switched on or off since the last pass; no page is told older than it was by then.", 0));
        if (_generations.IsBlind)
        {
            doubts.Add(new Doubt(
                $"The multi-generational LRU is on and {Files.Display(LruGen.Name)} could not be read: touches that it took are not known. Mount debugfs there, or echo n > {Files.Display("/sys/kernel/mm/lru_gen/enabled")}.", Doubt.AllBytes));
        }

        if (IsMarkedByOthers)
        {
            doubts.Add(new Doubt(
                $"Somebody else marks pages idle in {Files.Display(IdleBitmap.Name)}, and takes the touches that came before; no page is told older than it was a pass ago. End it: only one program can measure with it.",
                _ages.Pages.All * Files.PageSize));
        }
        else if (_canaries.Marked > 0)
        {
            doubts.Add(new Doubt(
                $"Somebody else, such as DAMON, marked {_canaries.Marked} of {_canaries.Watched} pages of this process idle; of others as many in proportion may have lost a touch.",
                _ages.Pages.All * Files.PageSize / _canaries.Watched * _canaries.Marked));
        }

        if (_held > 0)
        {
            doubts.Add(new Doubt(
                $"The multi-generational LRU aged or reclaimed {Memcgs(_held)} since the last pass began, or may have, and touches that came before may be lost; their pages are told no older than they were. "
                    + "Where there is memory pressure all the time, mglru tells more.",
                _heldPages * Files.PageSize));
        }

        if (_heldBefore > 0)
        {
            doubts.Add(new Doubt(
                $"Of {Memcgs(_heldBefore)} touches may have been lost in an earlier pass, as was told then; ages that reach back to it may be too high.",
                _heldBeforePages * Files.PageSize));
        }

        if (_lru.Unread > 0)
            doubts.Add(new Doubt($"memory.stat of {_lru.Unread} memcgs could not be read; of what was touched there nothing is known.", 0));
        if (!_moves.IsKnown)
        {
            doubts.Add(new Doubt(
                $"{Files.Display("/proc/vmstat")} could not be read: there is no telling how many idle pages were migrated or split.", Doubt.AllBytes));
        }
        else if (_moves.DoubtfulPages(_ages.Pages) is > 0 and long pages)
        {
            doubts.Add(new Doubt(
                $"The kernel migrated or split pages that are idle, or mappings of them, or failed to collapse them into huge pages: up to {pages} may be told older than they are.", pages * Files.PageSize));
        }

        if (_excessPages > 0)
        {
            doubts.Add(new Doubt(
                $"Memcgs are told {_excessPages} idle pages more than they have on their lists; those are other memcgs' or no longer there.",
                _excessPages * Files.PageSize));
        }
    }

    private Problem? Pass(WordFile bitmap, CancellationToken cancellationToken)
    {
        byte mark = PassMark.Of(_marks.Pass);
        _generations.Begin(_marks.Pass);
        _canaries.Begin(bitmap);
        _asked = _moves.Begin(mark, _ages.Pages);
        long doubtful = _moves.DoubtfulPages(_ages.Pages);
        if (_hasTooMany)
            _asked = AskAgain.All;
        _scan.Begin(bitmap, _marks.Pass, _asked);
        _unread = _cutShort = 0;
        _unreadError = Errno.None;
        int block = 0;
        int end = 0;
        int lastWords = IdleBitmap.BlockWords;
        IoResult read;
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (block == _history.Length)
                Array.Resize(ref _history, block * 2);
            read = _scan.Scan(block, ref _history[block]);
            if (read.Ok && read.Count > 0)
            {
                // Only the last piece may be short.
                _cutShort += lastWords < IdleBitmap.BlockWords ? 1 : 0;
                lastWords = read.Count;
                end = ++block;
                continue;
            }

            // The end of memory reads as nothing. A piece that gives an error has something behind it; but a file that gives nothing else ends too.
            bool isEnd = read.Ok || read.Error == Errno.ENXIO;
            if (isEnd || block - Math.Max(end, _blocks) > MaxUnreadInRow)
                break;

            // Without evidence nobody may call these pages idle.
            _ages.Forget(block);
            _unread++;
            _unreadError = read.Error;
            block++;
        }

        // Before the first marks there is nothing to look at again.
        for (int look = 0; _betweenLooks is not null && _lastEnded >= 0 && end > 0 && look < LooksAgain; look++)
        {
            _betweenLooks(cancellationToken);
            LookAgain(end, cancellationToken);
        }

        if (end == 0)
            return CannotRead(_unread > 0 ? _unreadError : read.Error);
        _ages.ForgetFrom(block);
        Array.Clear(_history, block, _history.Length - block);
        _cutShort += _blocks > block ? _blocks - block : _blocks == end && lastWords < _lastWords ? 1 : 0;
        _blocks = end;
        _lastWords = lastWords;

        // What got no answer may be wrong still.
        if (_questions.Unanswered == 0)
            _moves.Clear(mark, _asked);
        _moves.End();
        _canaries.Look(bitmap);
        _lru.Read();
        _generations.End();
        HoldTaken();
        _lastEnded = _marks.Pass;

        // What may be younger than it was told has not certainly been idle for so long.
        _promotions.Settle(_lru, _moves.Arrived + doubtful, _moves.Moved);
        _excessPages = ExcessPages();
        _unexplained = _asked == AskAgain.All ? _excessPages : Math.Min(_excessPages, _unexplained);
        _hasTooMany = _lru.HasReborn || _excessPages > _unexplained;
        return null;
    }

    // Whoever takes accessed bits takes most of them between two touches. Measured next to DAMON, of the hot memory that one look found idle another found a third or less so.
    private void LookAgain(int end, CancellationToken cancellationToken)
    {
        for (int block = 0; block < end; block++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            _scan.LookAgain(block);
        }
    }

    // A memcg that has more idle pages than pages on its lists: some are another's, as when its folder was made anew with the inode of the one before it
    // and its faults do not tell.
    private long ExcessPages()
    {
        long excess = 0;
        for (int i = 0; i < _owners.All.Count; i++)
        {
            Owner owner = _owners.All[i];
            if (owner.Memcg is null || owner.Heir is not null)
                continue;
            for (int kind = 0; kind < BinLayout.Kinds; kind++)
            {
                long idle = 0;
                foreach (int pages in owner.Pages((PageKind)kind))
                    idle += pages;
                if (_lru.LocalBytes(owner.Memcg, (PageKind)kind) is { } bytes)
                    excess += Math.Max(0, idle - ((bytes + _lru.LagBytes) / Files.PageSize));
            }
        }

        return excess;
    }

    // Of what is older than some passes so many bytes may have been touched at any time: they count as that old, and as perhaps older.
    private static void TakeUntraced(Span<long> values, int kind, long untraced, int traced)
    {
        int bins = values.Length / BinLayout.Stride;
        long older = 0;
        long certainlyOlder = 0;
        for (int bin = bins - 1; bin > traced; bin--)
        {
            ref long bytes = ref values[(bin * BinLayout.Stride) + kind];
            older += bytes;
            long certain = Math.Max(0, older - untraced);
            bytes = certain - certainlyOlder;
            certainlyOlder = certain;
            values[(bin * BinLayout.Stride) + BinLayout.Excess] += older - certain;
        }

        values[(Math.Min(traced, bins - 1) * BinLayout.Stride) + kind] += older - certainlyOlder;
    }

    // Somebody who marks the whole bitmap marks all that are on a list; one who picks pages, as DAMON does, hits few of them or none.
    private bool IsMarkedByOthers => _canaries.Marked * 2 > _canaries.Watched;

    // Where touches may have been taken nothing grows older.
    private void HoldTaken()
    {
        // Passes that did not end have looked at some pages too. And somebody who marks may have come by the pages of this process when the pass before had ended, and by others while it went on.
        int first = Math.Max(0, IsMarkedByOthers ? _lastEnded : _lastEnded + 1);
        _held = _heldBefore = 0;
        _heldPages = _heldBeforePages = 0;
        for (int i = 0; i < _owners.All.Count; i++)
        {
            Owner owner = _owners.All[i];
            if (owner.Heir is not null || owner.TotalPages == 0)
                continue;
            bool hasTaken = (owner.TakeInherited() && !_generations.IsOff) || _generations.HasTaken(owner.Memcg);
            if (hasTaken || IsMarkedByOthers)
            {
                _held += hasTaken ? 1 : 0;
                _heldPages += owner.TotalPages;
                for (int pass = Math.Max(first, _marks.Pass - PassClock.MaxPasses); pass <= _marks.Pass; pass++)
                    owner.Hold(PassMark.Of(pass));
            }
            else if (owner.PagesFromBeforeHeld(_marks.Pass) is > 0 and long pages)
            {
                _heldBefore++;
                _heldBeforePages += pages;
            }
        }
    }

    private void AddIdle(Owner owner, Span<long> values)
    {
        int oldest = 0;
        for (int kind = 0; kind < BinLayout.Kinds; kind++)
        {
            ReadOnlySpan<int> pages = owner.Pages((PageKind)kind);
            for (int mark = 0; mark < pages.Length; mark++)
            {
                if (pages[mark] == 0)
                    continue;
                long bytes = (long)pages[mark] * Files.PageSize;
                int age = owner.AgeAt(_marks.Pass, (byte)mark);
                values[(age * BinLayout.Stride) + kind] += bytes;

                // Where nothing was taken, it grew older all the time.
                int atMost = PassMark.AgeAt(_marks.Pass, (byte)mark);
                _olderByUpTo[age + 1] += bytes;
                _olderByUpTo[atMost + 1] -= bytes;
                oldest = Math.Max(oldest, atMost + 1);
            }
        }

        long older = 0;
        for (int age = 0; age < oldest; age++)
        {
            older += _olderByUpTo[age];
            if (age > 0)
                values[(age * BinLayout.Stride) + BinLayout.Excess] += older;
        }

        _olderByUpTo.AsSpan(0, oldest + 1).Clear();
    }

    private static string Memcgs(int count) => count == 1 ? "1 memcg" : $"{count} memcgs";

    private static string Pieces(int blocks) => $"{blocks} {(blocks == 1 ? "piece" : "pieces")} of {IdleBitmap.BlockFrames} pages";

    private static string Why(Errno error) => error == Errno.None ? "ended early" : error.Describe();

    private Problem CannotOpen(string file, Errno error) => new(
        $"{Files.Display(file)} could not be opened: {error.Describe()}.", "See that it is still there, and that this process is still root.");

    private Problem CannotRead(Errno error) => new(
        $"{Files.Display(IdleBitmap.Name)} could not be read: {(error == Errno.None ? "it is empty" : error.Describe())}.",
        "Use another source if this goes on.");
}
