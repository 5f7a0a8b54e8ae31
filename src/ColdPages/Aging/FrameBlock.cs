namespace ColdPages;

/// <summary>
/// What is known of the 32,768 frames of one block of the idle bitmap: which are the first pages of tracked folios, all of them idle, and
/// which belong to those that have several pages. The rest is in groups, made for the parts that have tracked folios.
/// </summary>
internal sealed class FrameBlock
{
    private const int GroupWords = FrameGroup.Frames / 64;

    /// <summary>About what the runtime adds to the arrays and the object itself.</summary>
    private const int Overhead = 120;

    private static readonly ulong[] s_none = new ulong[IdleBitmap.BlockWords];

    private readonly ulong[] _idle = new ulong[IdleBitmap.BlockWords];
    private readonly FrameGroup?[] _groups = new FrameGroup?[IdleBitmap.BlockFrames / FrameGroup.Frames];
    private ulong[]? _covered;

    /// <summary>Folios whose first page is here.</summary>
    public int Tracked { get; set; }

    /// <summary>Bytes, those of the groups not counted.</summary>
    public int StateBytes => Overhead + ((_idle.Length + (_covered?.Length ?? 0)) * sizeof(ulong)) + (_groups.Length * IntPtr.Size);

    /// <summary>The first pages of tracked folios, a bit a frame.</summary>
    public Span<ulong> Idle => _idle;

    /// <summary>All pages of the tracked folios that have several.</summary>
    public ReadOnlySpan<ulong> Covered => _covered ?? s_none;

    public bool HasCovered => _covered is not null;

    public Span<FrameGroup?> Groups => _groups;

    public bool IsIdle(int frame) => (_idle[frame >> 6] & (1UL << (frame & 63))) != 0;

    /// <summary>The words of <see cref="Idle"/> that belong to one group.</summary>
    public Span<ulong> IdleOf(int group) => _idle.AsSpan(group * GroupWords, GroupWords);

    /// <summary>Notes what folios cover, all of one order.</summary>
    /// <param name="heads">Their first pages.</param>
    /// <param name="order">Their order.</param>
    public void Cover(ReadOnlySpan<ulong> heads, int order) =>
        Bitmaps.ExpandHeads(heads, order, _covered ??= new ulong[IdleBitmap.BlockWords]);

    /// <summary>Notes that a folio is no more.</summary>
    public void Uncover(int head, int pages)
    {
        int end = Math.Min(head + pages, IdleBitmap.BlockFrames);
        for (int frame = head; _covered is not null && frame < end;)
        {
            int inWord = Math.Min(64 - (frame & 63), end - frame);
            ulong bits = (inWord == 64 ? ulong.MaxValue : (1UL << inWord) - 1) << (frame & 63);
            _covered[frame >> 6] &= ~bits;
            frame += inWord;
        }
    }
}
