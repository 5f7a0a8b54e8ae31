using System.Numerics;

namespace ColdPages;

/// <summary>
/// One block of the idle bitmap: what changed since the last pass is asked about, and what is not idle is marked again. All else keeps its age.
/// </summary>
internal sealed class IdleBlockScan(PageAges ages, OwnerTable owners, FolioQuestions questions, PromotionTally promotions, BitmapCanaries canaries, CostMeter cost)
{
    // One word in so many is asked about again in each pass though it did not change, so that what no count shows comes to light in time.
    private const int ReaskShare = IdleBitmap.BlockWords;

    // Words that need no mark are written along where a write of their own would cost more.
    private const int MaxWriteGap = 4;

    private readonly ulong[] _now = new ulong[IdleBitmap.BlockWords];
    private readonly ulong[] _went = new ulong[IdleBitmap.BlockWords];
    private readonly ulong[] _came = new ulong[IdleBitmap.BlockWords];
    private readonly ulong[] _again = new ulong[IdleBitmap.BlockWords];
    private readonly ulong[] _spared = new ulong[IdleBitmap.BlockWords];
    private readonly ulong[] _heads = new ulong[IdleBitmap.BlockWords];
    private readonly ulong[] _asked = new ulong[FolioQuestions.PieceWords];

    // Folios that were isolated when the last pass came by, and those that this one finds so.
    private HashSet<long> _isolatedBefore = [];
    private HashSet<long> _isolated = [];
    private WordFile _bitmap;
    private int _pass;
    private int _lookedAt;
    private int _words;
    private AskAgain _askAgain;

    public static int StateBytes => ((6 * IdleBitmap.BlockWords) + FolioQuestions.PieceWords) * sizeof(ulong);

    /// <summary>Pages that could not be tracked because too many owners share one group of frames.</summary>
    public long Crowded { get; private set; }

    /// <summary>Idle pages that were not tracked before, and begin young.</summary>
    public long Adopted { get; private set; }

    /// <summary>Idle pages that were asked about again.</summary>
    public long AskedAgain { get; private set; }

    /// <summary>Pages that keep their age although nobody could look at them: they were off their lists.</summary>
    public long Unseen { get; private set; }

    /// <summary>Blocks that could not be marked.</summary>
    public int Unmarked { get; private set; }

    public Errno LastError { get; private set; }

    /// <summary>Begins a pass with a bitmap that its caller closes.</summary>
    public void Begin(WordFile bitmap, int pass, AskAgain askAgain)
    {
        _bitmap = bitmap;
        _pass = pass;
        _askAgain = askAgain;
        Crowded = Unseen = Adopted = AskedAgain = Unmarked = 0;
        LastError = Errno.None;
        (_isolated, _isolatedBefore) = (_isolatedBefore, _isolated);
        _isolated.Clear();
    }

    /// <summary>Scans a block. The result counts the words that there were: none beyond the end of memory.</summary>
    /// <param name="index">The block.</param>
    /// <param name="history">What earlier passes did with it, and now this one.</param>
    public IoResult Scan(int index, ref BlockHistory history)
    {
        long firstWord = (long)index * IdleBitmap.BlockWords;
        IoResult read = _bitmap.Read(firstWord, _now);
        if (!read.Ok || read.Count == 0)
            return read;
        cost.ReadEntries(IdleBitmap.Name, read.Count * 64);
        _now.AsSpan(read.Count).Clear();
        _words = read.Count;
        _lookedAt = history.LookedAt;
        history.LookedAt = _pass;
        canaries.Spare(index, _spared);
        FrameBlock? block = ages.Block(index);
        if (block is not null || (history.IsMarked && _now.AsSpan().ContainsAnyExcept(0UL)))
        {
            block ??= ages.MakeBlock(index);
            bool changed = Bitmaps.Compare(block.Idle, _now, _went, _came);
            if (!history.IsMarked)
                _came.AsSpan().Clear();
            SetAgain(block);
            if (changed || _again.AsSpan().ContainsAnyExcept(0UL))
                Update(block, (long)index * IdleBitmap.BlockFrames);
            for (int word = 0; word < _spared.Length; word++)
                _now[word] |= _spared[word];
            Bitmaps.Neither(_now, block.Covered, _now);
            ages.Release(index);
        }
        else
        {
            Bitmaps.Neither(_now, _spared, _now);
        }

        _spared.AsSpan().Clear();
        history.IsMarked |= Mark(firstWord, _now.AsSpan(0, read.Count));
        return read;
    }

    /// <summary>Looks once more, in the same pass, at what a block has that was idle: what was touched meanwhile counts as touched, and is marked again.</summary>
    public void LookAgain(int index)
    {
        if (ages.Block(index) is not { } block)
            return;
        long firstWord = (long)index * IdleBitmap.BlockWords;
        IoResult read = _bitmap.Read(firstWord, _now);
        if (!read.Ok || read.Count == 0)
            return;
        cost.ReadEntries(IdleBitmap.Name, read.Count * 64);
        block.Idle[read.Count..].CopyTo(_now.AsSpan(read.Count));
        _words = read.Count;
        _lookedAt = _pass;
        Bitmaps.Compare(block.Idle, _now, _went, _came);
        if (!_went.AsSpan().ContainsAnyExcept(0UL))
            return;
        _came.AsSpan().Clear();
        _again.AsSpan().Clear();
        Update(block, (long)index * IdleBitmap.BlockFrames);
        for (int word = 0; word < _went.Length; word++)
            _now[word] = _went[word] & ~_spared[word];
        _spared.AsSpan().Clear();
        ages.Release(index);
        Mark(firstWord, _now.AsSpan(0, read.Count));
    }

    // Tracked folios that are idle as before, but are to be asked about again.
    private void SetAgain(FrameBlock block)
    {
        _again.AsSpan().Clear();
        (int first, int end) = _askAgain == AskAgain.All ? (0, _again.Length) : (_pass % ReaskShare, (_pass % ReaskShare) + 1);
        for (int word = first; word < end; word++)
            _again[word] = block.Idle[word] & _now[word];
        if (!block.HasCovered)
            return;
        if (_askAgain == AskAgain.Large)
        {
            for (int word = 0; word < _again.Length; word++)
                _again[word] |= block.Idle[word] & block.Covered[word] & _now[word];
        }

        // A tail that has a mark of its own is none any more: its folio was split.
        for (int word = 0; word < _came.Length; word++)
        {
            for (ulong bits = _came[word] & block.Covered[word]; bits != 0; bits &= bits - 1)
            {
                int head = HeadOf(block, (word * 64) + BitOperations.TrailingZeroCount(bits));
                if (head >= 0)
                    _again[head >> 6] |= _now[head >> 6] & (1UL << (head & 63));
            }
        }
    }

    private static int HeadOf(FrameBlock block, int tail)
    {
        for (int order = 1; order <= FolioIdentity.MaxOrder; order++)
        {
            int head = tail & -(1 << order);
            if (block.IsIdle(head) && PageAges.Identity(block, head, out _).Order >= order)
                return head;
        }

        return -1;
    }

    private void Update(FrameBlock block, long firstFrame)
    {
        for (int word = 0; word < IdleBitmap.BlockWords; word += FolioQuestions.PieceWords)
        {
            bool any = false;
            for (int i = 0; i < _asked.Length; i++)
            {
                _asked[i] = _went[word + i] | _came[word + i] | _again[word + i];
                any |= _asked[i] != 0;
            }

            if (!any)
                continue;
            questions.Ask(firstFrame + (word * 64), _asked);
            UpdateWent(block, firstFrame, word);
            UpdateAgain(block, word);
            UpdateCame(block, word);
        }
    }

    private void UpdateWent(FrameBlock block, long firstFrame, int piece)
    {
        for (int word = piece; word < piece + FolioQuestions.PieceWords; word++)
        {
            for (ulong bits = _went[word]; bits != 0; bits &= bits - 1)
            {
                int frame = (word * 64) + BitOperations.TrailingZeroCount(bits);
                if (block.IsIdle(frame))
                    Went(block, firstFrame + frame, frame, frame - (piece * 64));
            }
        }
    }

    // Touched, freed, used again, or taken off its list for a moment.
    private void Went(FrameBlock block, long absolute, int frame, int inPiece)
    {
        FolioIdentity identity = PageAges.Identity(block, frame, out byte mark);
        Owner owner = owners[identity.Owner];
        bool isKnown = questions.IsKnown(inPiece);
        PageFlags flags = isKnown ? questions.Flags(inPiece) : PageFlags.None;
        bool isSameOwner = isKnown && questions.Owner(inPiece) == owner.Inode;
        bool isSame = isKnown && IsSame(inPiece, identity);

        // Freeing takes the mark. A folio that is off its list cannot be looked at, but if it still has the mark it is the same; once.
        // One whose word was not read was not looked at for another reason.
        if (isSame && frame >> 6 < _words && (flags & (PageFlags.Lru | PageFlags.Idle | PageFlags.Buddy)) == PageFlags.Idle && !_isolatedBefore.Contains(absolute))
        {
            // Marking it, should it be back on its list by then, would take evidence that nobody has seen yet.
            if (_isolated.Add(absolute))
                Unseen += identity.Pages;
            _spared[frame >> 6] |= 1UL << (frame & 63);
            return;
        }

        ages.Remove(block, frame);
        bool isOther = isKnown
            && (!isSameOwner || ((flags & PageFlags.Lru) != PageFlags.None ? PageFlagsFile.KindOf(flags) != identity.Kind : owner.Inode == 0));

        // It had been idle for as long as it was when we last looked; how long it stayed so after that nobody knows. Where a pass in between was held it may have been touched before: then nothing of it is certain.
        int age = PassMark.AgeAt(_lookedAt, mark);
        if (isOther)
        {
            promotions.AddGone(identity, age);
            return;
        }

        // What still has its mark was not seen touched.
        promotions.Add(
            identity, age, isSame && owner.AgeAt(_lookedAt, mark) == age && (flags & (PageFlags.Lru | PageFlags.Idle)) == PageFlags.Lru);
    }

    private void UpdateAgain(FrameBlock block, int piece)
    {
        for (int word = piece; word < piece + FolioQuestions.PieceWords; word++)
        {
            for (ulong bits = _again[word]; bits != 0; bits &= bits - 1)
            {
                int frame = (word * 64) + BitOperations.TrailingZeroCount(bits);
                int inPiece = frame - (piece * 64);
                if (!block.IsIdle(frame) || !questions.IsKnown(inPiece))
                    continue;
                FolioIdentity identity = PageAges.Identity(block, frame, out byte mark);
                AskedAgain += identity.Pages;
                if (IsSame(inPiece, identity))
                    continue;

                // Counts as touched in this pass; what it is now will be asked in the next.
                ages.Remove(block, frame);
                promotions.AddGone(identity, PassMark.AgeAt(_lookedAt, mark));
            }
        }
    }

    // Whether a frame has such a folio as before. Kind and size show also while it is off its list.
    private bool IsSame(int inPiece, FolioIdentity identity) =>
        questions.Owner(inPiece) == owners[identity.Owner].Inode && PageFlagsFile.KindOf(questions.Flags(inPiece)) == identity.Kind
        && questions.OrderOf(inPiece) == identity.Order;

    private void UpdateCame(FrameBlock block, int piece)
    {
        byte mark = PassMark.Of(_pass - 1);
        int headsOrder = 0;
        for (int word = piece; word < piece + FolioQuestions.PieceWords; word++)
        {
            ulong bits = _came[word] & ~block.Covered[word];
            while (bits != 0)
            {
                int bit = BitOperations.TrailingZeroCount(bits);
                int frame = (word * 64) + bit;
                int run = 1;

                // Without its mark it was touched or freed since the bitmap was read, and may be another's by now.
                if (TryIdentify(frame - (piece * 64), out FolioIdentity identity) && (questions.Flags(frame - (piece * 64)) & PageFlags.Idle) != PageFlags.None)
                {
                    if (identity.Order > 0)
                        RemoveTracked(block, frame, identity.Pages);
                    else
                        run = questions.RunOfSinglePages(frame - (piece * 64), BitOperations.TrailingZeroCount(~(bits >> bit)));
                    if (ages.TryAdd(block, frame, run, identity, mark))
                    {
                        Adopted += (long)run << identity.Order;
                        if (identity.Order > 0)
                            AddHead(block, frame, identity.Order, ref headsOrder);
                    }
                    else
                    {
                        Crowded += (long)run << identity.Order;
                    }
                }

                bits &= bit + run >= 64 ? 0 : ulong.MaxValue << (bit + run);
            }
        }

        CoverHeads(block, headsOrder);
    }

    // Folios of one order come in crowds; what they cover is worked out together.
    private void AddHead(FrameBlock block, int frame, int order, ref int headsOrder)
    {
        if (order != headsOrder)
            CoverHeads(block, headsOrder);
        headsOrder = order;
        _heads[frame >> 6] |= 1UL << (frame & 63);
    }

    private void CoverHeads(FrameBlock block, int order)
    {
        if (order == 0)
            return;
        block.Cover(_heads, order);
        _heads.AsSpan().Clear();
    }

    // What a folio covers now cannot be first pages of others.
    private void RemoveTracked(FrameBlock block, int head, int pages)
    {
        for (int frame = head; frame < Math.Min(head + pages, IdleBitmap.BlockFrames); frame++)
        {
            if (block.IsIdle(frame))
                ages.Remove(block, frame);
        }
    }

    private bool TryIdentify(int inPiece, out FolioIdentity identity)
    {
        identity = default;
        if (!questions.IsKnown(inPiece))
            return false;
        PageFlags flags = questions.Flags(inPiece);
        if ((flags & (PageFlags.Lru | PageFlags.Huge | PageFlags.CompoundTail)) != PageFlags.Lru)
            return false;
        int order = questions.OrderOf(inPiece);
        if (order < 0)
            return false;
        identity = new FolioIdentity(owners.Find(questions.Owner(inPiece)).Index, PageFlagsFile.KindOf(flags), order);
        return true;
    }

    private bool Mark(long firstWord, ReadOnlySpan<ulong> marks)
    {
        bool ok = true;
        for (int word = 0; word < marks.Length;)
        {
            int start = word + marks[word..].IndexOfAnyExcept(0UL);
            if (start < word)
                break;
            int end = start + 1;
            for (int i = end; i < marks.Length && i - end <= MaxWriteGap; i++)
            {
                if (marks[i] != 0)
                    end = i + 1;
            }

            IoResult written = _bitmap.Write(firstWord + start, marks[start..end]);
            cost.WriteEntries(IdleBitmap.Name, Bitmaps.PopCount(marks[start..end]));

            // Beyond the end: memory was taken out meanwhile.
            if (written.Error != Errno.ENXIO && written.Count < end - start)
            {
                LastError = written.Error;
                ok = false;
            }

            word = end;
        }

        Unmarked += ok ? 0 : 1;
        return ok;
    }
}
