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

    private readonly PassMarks _marks = new();
    private readonly OwnerTable _owners;
    private readonly PageAges _ages;
    private readonly FolioQuestions _questions;
    private readonly PromotionTally _promotions;
    private readonly IdleBlockScan _scan;
    private readonly HiddenMoves _moves;
    private readonly MemcgLru _lru;

    private BlockHistory[] _history = new BlockHistory[16];

    // One beyond the last block that the last pass could read.
    private int _blocks;
    private int _lastWords;
    private int _unread;
    private int _cutShort;
    private Errno _unreadError;
    private bool _hasTooMany;
    private AskAgain _asked;

    /// <param name="files">The host.</param>
    /// <param name="tree">Its cgroups.</param>
    /// <param name="kind">What to call it: it serves simulated hosts too.</param>
    public IdleBitmapSource(KernelFiles files, MemcgTree tree, ColdPageSource kind = ColdPageSource.IdleBitmap)
        : base(files, tree)
    {
        Kind = kind;
        _owners = new OwnerTable(tree);
        _ages = new PageAges(_owners);
        _questions = new FolioQuestions(files, Cost);
        _promotions = new PromotionTally(_owners);
        _scan = new IdleBlockScan(_ages, _owners, _questions, _promotions, Cost);
        _moves = new HiddenMoves(files);
        _lru = new MemcgLru(files, tree);
        Notes =
        [
            string.Create(
                CultureInfo.InvariantCulture,
                $"Memory touched since the last pass is told as what memory.stat has on the LRU lists less what is idle; it may lag by {_lru.LagBytes / 1048576.0:0.#} MiB a memcg."),

            // filemap_read and shmem_file_read_iter in mm; zap_present_folio_ptes drops the accessed bits of anonymous pages, and those of file mappings with advice.
            "Some touches leave no trace, and memory that is touched in no other way looks idle: reads by read(2) that stay within the part of the file read last, or on tmpfs do not begin with a page; what a process that ends "
                + "meanwhile shared with others or had mapped with MADV_RANDOM or MADV_SEQUENTIAL; devices, O_DIRECT and pinned buffers; what another program hides by clear_refs or by marking pages itself.",
        ];
    }

    public override ColdPageSource Kind { get; }

    public override string Attribution => "charge";

    public override IReadOnlyList<string> Notes { get; }

    public override long StateBytes =>
        _ages.StateBytes + _lru.StateBytes + (_history.Length * (long)System.Runtime.CompilerServices.Unsafe.SizeOf<BlockHistory>()) + FolioQuestions.StateBytes + IdleBlockScan.StateBytes;

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

            return;
        }

        if (_owners.Of(memcg) is { } known)
            AddIdle(known, values);
        for (int kind = 0; kind < BinLayout.Kinds; kind++)
        {
            // What is not idle was touched.
            long touched = _lru.LocalBytes(memcg, (PageKind)kind) ?? 0;
            for (int place = kind; place < values.Length; place += BinLayout.Stride)
                touched -= values[place];
            values[kind] += Math.Max(0, touched);
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

        if (_scan.Crowded > 0)
            doubts.Add(new Doubt($"{_scan.Crowded} idle pages lie among those of too many other memcgs to be told apart; counted as just touched.", 0));
        if (_scan.Unseen > 0)
        {
            doubts.Add(new Doubt(
                $"{_scan.Unseen} idle pages were off their LRU lists for a moment and could not be looked at; they are told as idle as before.", _scan.Unseen * Files.PageSize));
        }

        if (_lru.Unread > 0)
            doubts.Add(new Doubt($"memory.stat of {_lru.Unread} memcgs could not be read; of what was touched there nothing is known.", 0));
        if (!_moves.IsKnown)
        {
            doubts.Add(new Doubt(
                $"{Files.Display("/proc/vmstat")} could not be read: there is no telling how many idle pages were migrated or split.", Doubt.AllBytes));
        }
        else if (Math.Min(_moves.DoubtfulPages(_ages.LargePages), _ages.TotalPages) is > 0 and long pages)
        {
            doubts.Add(new Doubt(
                $"The kernel migrated or split pages that are idle: up to {pages} may be told older than they are.", pages * Files.PageSize));
        }
    }

    private Problem? Pass(WordFile bitmap, CancellationToken cancellationToken)
    {
        byte mark = PassMark.Of(_marks.Pass);
        _asked = _moves.Begin(mark, _ages.TotalPages, _ages.LargePages);
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
        _lru.Read();
        _promotions.Settle(_lru, _moves.Arrived);
        _hasTooMany = _lru.HasReborn || (_asked != AskAgain.All && HasTooMany());
        return null;
    }

    // A memcg that has more idle pages than pages on its lists: some are another's, as when its folder was made anew with the inode of the one before it
    // and its faults do not tell.
    private bool HasTooMany()
    {
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
                if (_lru.LocalBytes(owner.Memcg, (PageKind)kind) is { } bytes && (idle * Files.PageSize) > bytes + _lru.LagBytes)
                    return true;
            }
        }

        return false;
    }

    private void AddIdle(Owner owner, Span<long> values)
    {
        for (int kind = 0; kind < BinLayout.Kinds; kind++)
        {
            ReadOnlySpan<int> pages = owner.Pages((PageKind)kind);
            for (int mark = 0; mark < pages.Length; mark++)
            {
                if (pages[mark] != 0)
                    values[(PassMark.AgeAt(_marks.Pass, (byte)mark) * BinLayout.Stride) + kind] += (long)pages[mark] * Files.PageSize;
            }
        }
    }

    private static string Pieces(int blocks) => $"{blocks} {(blocks == 1 ? "piece" : "pieces")} of {IdleBitmap.BlockFrames} pages";

    private static string Why(Errno error) => error == Errno.None ? "ended early" : error.Describe();

    private Problem CannotOpen(string file, Errno error) => new(
        $"{Files.Display(file)} could not be opened: {error.Describe()}.", "See that it is still there, and that this process is still root.");

    private Problem CannotRead(Errno error) => new(
        $"{Files.Display(IdleBitmap.Name)} could not be read: {(error == Errno.None ? "it is empty" : error.Describe())}.",
        "Use another source if this goes on.");
}
