using System.Numerics;

namespace ColdPages;

/// <summary>
/// Asks /proc/kpageflags and /proc/kpagecgroup about frames, for one piece of 4,096 frames at a time, and holds the answers.
/// </summary>
internal sealed class FolioQuestions(KernelFiles files, CostMeter cost)
{
    /// <summary>Words of a piece's bitmap.</summary>
    public const int PieceWords = 64;

    public const int PieceFrames = PieceWords * 64;

    // Two reads of their own cost as much as 13 entries of both files (634 ns a read; 33 for an owner and 60 for flags), so smaller gaps are read along. Not quite so large ones: with a limit of 16 in place of 8 a steady
    // guest was asked 9,774 entries a pass in place of 7,702, in 198 pairs of reads in place of 308.
    private const int MaxGap = 8;

    private readonly ulong[] _flags = new ulong[PieceFrames];
    private readonly ulong[] _owners = new ulong[PieceFrames];
    private readonly ulong[] _known = new ulong[PieceWords];

    // What a page table's upper level maps, by far the most common size of large folios: 2^9 pages of 4 KiB, 2^13 of 64 KiB.
    private readonly int _hugeOrder = BitOperations.Log2((uint)files.PageSize / sizeof(ulong));

    private WordFile _flagsFile;
    private WordFile _ownersFile;
    private bool _asksOwners;
    private long _firstFrame;

    public static int StateBytes => (PieceFrames * 2 * sizeof(ulong)) + (PieceWords * sizeof(ulong));

    /// <summary>Frames that the kernel gave no answer for in this pass, and why.</summary>
    public long Unanswered { get; private set; }

    public Errno LastError { get; private set; }

    /// <summary>Begins a pass with files that its caller closes.</summary>
    public void Begin(WordFile flags, WordFile owners)
    {
        _flagsFile = flags;
        _ownersFile = owners;
        Unanswered = 0;
        LastError = Errno.None;
    }

    /// <summary>Asks about the frames of a piece whose bits are set.</summary>
    public void Ask(long firstFrame, ReadOnlySpan<ulong> asked) => Ask(firstFrame, asked, withOwners: true);

    /// <summary>As <see cref="Ask(long, ReadOnlySpan{ulong})"/>, about their flags alone.</summary>
    public void AskFlags(long firstFrame, ReadOnlySpan<ulong> asked) => Ask(firstFrame, asked, withOwners: false);

    private void Ask(long firstFrame, ReadOnlySpan<ulong> asked, bool withOwners)
    {
        _asksOwners = withOwners;
        _firstFrame = firstFrame;
        _known.AsSpan().Clear();
        int start = 0;
        int end = -1;
        for (int word = 0; word < asked.Length; word++)
        {
            ulong bits = asked[word];
            while (bits != 0)
            {
                int first = BitOperations.TrailingZeroCount(bits);
                int length = BitOperations.TrailingZeroCount(~(bits >> first));
                bits &= first + length >= 64 ? 0 : ulong.MaxValue << (first + length);
                int from = (word * 64) + first;
                if (end >= 0 && from - end > MaxGap)
                {
                    Read(start, end);
                    end = -1;
                }

                if (end < 0)
                    start = from;
                end = from + Math.Min(length, 64 - first);
            }
        }

        if (end >= 0)
            Read(start, end);
    }

    /// <summary>Whether the kernel answered for a frame of the piece.</summary>
    public bool IsKnown(int frame) => (_known[frame >> 6] & (1UL << (frame & 63))) != 0;

    public PageFlags Flags(int frame) => (PageFlags)_flags[frame];

    public ulong Owner(int frame) => _owners[frame];

    /// <summary>
    /// The order of the folio that begins at a frame; -1 where none does, or it changed while we asked. Folios are aligned to their size, so a tail at a distance of 2^k
    /// belongs to a folio that is larger than that and begins here.
    /// </summary>
    public int OrderOf(int frame)
    {
        PageFlags compound = Flags(frame) & (PageFlags.CompoundHead | PageFlags.CompoundTail);
        if (compound != PageFlags.CompoundHead)
            return compound == PageFlags.None ? 0 : -1;
        int most = Math.Min(FolioIdentity.MaxOrder, BitOperations.TrailingZeroCount(_firstFrame + frame));
        int order = _hugeOrder <= most && IsTail(frame + (1 << (_hugeOrder - 1))) ? _hugeOrder : 0;
        while (order < most && IsTail(frame + (1 << order)))
            order++;
        return order > 0 ? order : -1;
    }

    /// <summary>How many frames from one on, at most a number of them, have its owner and its kind and are folios of one page each like it.</summary>
    public int RunOfSinglePages(int frame, int atMost)
    {
        ulong identity = _flags[frame] & (ulong)PageFlags.Identity;
        int length = Bitmaps.RunLength(_owners.AsSpan(frame, atMost));
        int run = 1;
        while (run < length && (_flags[frame + run] & (ulong)PageFlags.Identity) == identity && IsKnown(frame + run))
            run++;
        return run;
    }

    private bool IsTail(int frame)
    {
        if (frame < PieceFrames && IsKnown(frame))
            return (Flags(frame) & PageFlags.CompoundTail) != PageFlags.None;
        Span<ulong> entry = stackalloc ulong[1];
        IoResult read = _flagsFile.Read(_firstFrame + frame, entry);
        cost.ReadEntries(PageFlagsFile.Name, read.Count);
        return read.Count == 1 && ((PageFlags)entry[0] & PageFlags.CompoundTail) != PageFlags.None;
    }

    private void Read(int start, int end)
    {
        IoResult owners = _asksOwners ? _ownersFile.Read(_firstFrame + start, _owners.AsSpan(start..end)) : IoResult.Done(end - start);
        IoResult flags = _flagsFile.Read(_firstFrame + start, _flags.AsSpan(start..end));
        if (_asksOwners)
            cost.ReadEntries(PageOwnersFile.Name, owners.Count);
        cost.ReadEntries(PageFlagsFile.Name, flags.Count);
        int answered = Math.Min(owners.Count, flags.Count);
        for (int frame = start; frame < start + answered; frame++)
            _known[frame >> 6] |= 1UL << (frame & 63);
        if (start + answered == end)
            return;
        Unanswered += end - start - answered;
        LastError = owners.Ok ? flags.Error : owners.Error;
    }
}
