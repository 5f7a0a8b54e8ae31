using FsCheck.Xunit;

namespace ColdPages.Tests;

public sealed class BitmapExpandHeadsTests : IDisposable
{
    private const int MaxOrder = 13;

    private readonly GuardedMemory _heads = new();
    private readonly GuardedMemory _covered = new();

    public static TheoryData<int> Widths => BitmapSamples.Widths;

    [Theory]
    [MemberData(nameof(Widths))]
    public void Covers_every_page_of_aligned_folios_and_keeps_what_is_covered(int width) =>
        ForEachSample((heads, order, covered) => Check(BitmapReference.Aligned(heads, order), order, covered, width));

    [Theory]
    [MemberData(nameof(Widths))]
    public void A_folio_whose_head_is_not_aligned_begins_there(int width) =>
        ForEachSample((heads, order, covered) => Check(heads, order, covered, width, Ends(heads.Length)));

    [Theory]
    [MemberData(nameof(Widths))]
    public void Covers_a_single_folio_wherever_it_is(int width)
    {
        foreach (int length in (int[])[1, 2, 9, 19])
        {
            ulong[] none = new ulong[length];
            for (int head = 0; head < length * 64; head++)
            {
                ulong[] heads = BitmapSamples.SingleBit(length, head);
                for (int order = 0; order <= MaxOrder; order++)
                    Check(heads, order, none, width, Ends(length));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void Orders_beyond_any_bitmap_cover_up_to_the_end(int width)
    {
        foreach (int order in (int[])[14, 31, 32, 37, 38, 62])
        {
            foreach (ulong[] heads in BitmapSamples.OfLength(21))
                Check(heads, order, new ulong[21], width, 0);
        }

        ulong[] covered = new ulong[21];
        Bitmaps.ExpandHeads(BitmapSamples.SingleBit(21, 70), int.MaxValue, covered, (VectorWidth)width);
        Assert.Equal([0, ulong.MaxValue << 6, .. Enumerable.Repeat(ulong.MaxValue, 19)], covered);
    }

    [Property]
    public void Any_bitmap_of_heads_is_expanded_alike_at_each_width(ulong[] heads, ulong[] covered, byte order)
    {
        int length = Math.Min(heads.Length, covered.Length);
        ulong[] expected = BitmapReference.ExpandHeads(heads.AsSpan(0, length), order % (MaxOrder + 1), covered.AsSpan(0, length));
        foreach (VectorWidth width in VectorWidths.Available)
        {
            ulong[] got = covered[..length];
            Bitmaps.ExpandHeads(heads.AsSpan(0, length), order % (MaxOrder + 1), got, width);
            Assert.Equal(expected, got);
        }
    }

    [Fact]
    public void Bitmaps_of_different_lengths_and_negative_orders_are_refused()
    {
        Assert.Throws<ArgumentException>("covered", () => Bitmaps.ExpandHeads(new ulong[2], 0, new ulong[1]));
        Assert.Throws<ArgumentException>("covered", () => Bitmaps.ExpandHeads(new ulong[2], 0, new ulong[3]));
        Assert.Throws<ArgumentOutOfRangeException>("order", () => Bitmaps.ExpandHeads(new ulong[2], -1, new ulong[2]));
    }

    public void Dispose()
    {
        _heads.Dispose();
        _covered.Dispose();
    }

    // Right behind one guard and right before the other.
    private static int[] Ends(int length) => [GuardedMemory.Places(length).Min(), GuardedMemory.Places(length).Max()];

    private static void ForEachSample(Action<ulong[], int, ulong[]> check)
    {
        for (int length = 0; length <= BitmapSamples.MaxLength; length++)
        {
            ulong[][] samples = [.. BitmapSamples.OfLength(length)];
            for (int order = 0; order <= MaxOrder; order++)
            {
                for (int i = 0; i < samples.Length; i++)
                    check(samples[i], order, samples[i == 3 ? 4 : 0]);
            }
        }
    }

    private void Check(ulong[] heads, int order, ulong[] covered, int width, params int[] places)
    {
        ulong[] expected = BitmapReference.ExpandHeads(heads, order, covered);
        foreach (int at in places.Length > 0 ? places : GuardedMemory.Places(heads.Length))
        {
            Span<ulong> got = _covered.Put(covered, at);
            Bitmaps.ExpandHeads(_heads.Put(heads, at), order, got, (VectorWidth)width);
            if (!got.SequenceEqual(expected) || !_covered.IsUntouchedAround(at, heads.Length))
                Assert.Fail($"order {order}, {heads.Length} words at {at}: {BitmapSamples.Describe(heads)}: {BitmapSamples.Describe(got)}");
        }
    }
}
