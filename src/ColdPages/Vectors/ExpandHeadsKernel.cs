using System.Numerics;

namespace ColdPages;

/// <inheritdoc cref="Bitmaps.ExpandHeads"/>
internal readonly ref struct ExpandHeadsKernel : IBitmapKernel
{
    public required ReadOnlySpan<ulong> Heads { get; init; }

    public required Span<ulong> Covered { get; init; }

    public required int Order { get; init; }

    // A span has less than 2^37 bits: any higher order goes beyond its end as that one does.
    private long Pages => 1L << Math.Min(Order, 37);

    public int Run<TWords>(int from)
        where TWords : struct, IWords<TWords>
    {
        ReadOnlySpan<ulong> heads = Heads;
        Span<ulong> covered = Covered;
        ulong within = HeadsWithinAWord(Order);
        TWords others = TWords.All(~within);
        int pagesLessOne = (int)Math.Min(Pages, 64) - 1;
        int at = from;
        for (; at <= heads.Length - TWords.Count; at += TWords.Count)
        {
            TWords some = TWords.Load(heads, at);
            if (!TWords.IsZero(some & others))
                AddOneByOne(at, TWords.Count);
            else if (within != 0)
            {
                // A folio from bit p on, of n pages, is 2^(p+n) - 2^p, and so is the sum of folios that do not touch each other's bits. In two
                // steps, because a shift by 64 is one by 0.
                TWords pages = (some << pagesLessOne << 1) - some;
                TWords.Store(TWords.Load(covered, at) | pages, covered, at);
            }
        }

        return at;
    }

    /// <summary>Where a word may have the heads of folios that are aligned to their size and end in the same word.</summary>
    private static ulong HeadsWithinAWord(int order) => order switch
    {
        0 => 0xffff_ffff_ffff_ffff,
        1 => 0x5555_5555_5555_5555,
        2 => 0x1111_1111_1111_1111,
        3 => 0x0101_0101_0101_0101,
        4 => 0x0001_0001_0001_0001,
        5 => 0x0000_0001_0000_0001,
        6 => 0x0000_0000_0000_0001,
        _ => 0,
    };

    private void AddOneByOne(int at, int count)
    {
        for (int i = at; i < at + count; i++)
        {
            for (ulong left = Heads[i]; left != 0; left &= left - 1)
            {
                long head = (i * 64L) + BitOperations.TrailingZeroCount(left);
                Add(head, Math.Min(head + Pages, Covered.Length * 64L));
            }
        }
    }

    private void Add(long from, long end)
    {
        int first = (int)(from / 64);
        int last = (int)(end / 64);
        ulong beforeFirst = (1UL << (int)(from % 64)) - 1;
        ulong inLast = (1UL << (int)(end % 64)) - 1;
        if (first == last)
        {
            Covered[first] |= inLast & ~beforeFirst;
            return;
        }

        ulong kept = Covered[first] & beforeFirst;
        Covered[first..last].Fill(ulong.MaxValue);
        if (beforeFirst != 0)
            Covered[first] = kept | ~beforeFirst;
        if (inLast != 0)
            Covered[last] |= inLast;
    }
}
