namespace ColdPages.Tests;

public sealed class BitmapCompareTests : IDisposable
{
    private readonly GuardedMemory _was = new();
    private readonly GuardedMemory _now = new();
    private readonly GuardedMemory _went = new();
    private readonly GuardedMemory _came = new();

    public static TheoryData<int> Widths => BitmapSamples.Widths;

    [Theory]
    [MemberData(nameof(Widths))]
    public void Finds_the_bits_that_went_and_those_that_came(int width)
    {
        for (int length = 0; length <= BitmapSamples.MaxLength; length++)
        {
            ulong[][] samples = [.. BitmapSamples.OfLength(length)];
            for (int i = 0; i < samples.Length; i++)
            {
                foreach (int other in (int[])[i, (i + 1) % samples.Length, (i + 3) % samples.Length])
                    Check(samples[i], samples[other], width);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void Finds_a_single_bit_wherever_it_is(int width)
    {
        const int Length = 19;
        ulong[] none = new ulong[Length];
        for (int bit = 0; bit < Length * 64; bit++)
        {
            ulong[] one = BitmapSamples.SingleBit(Length, bit);
            Check(none, one, width, 0, 1);
            Check(one, none, width, 0, 1);
            Check(one, one, width, 0, 1);
        }
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void Results_may_take_the_place_of_the_bitmaps(int width)
    {
        for (int length = 0; length <= BitmapSamples.MaxLength; length++)
        {
            ulong[][] samples = [.. BitmapSamples.OfLength(length)];
            ulong[] was = samples[2];
            ulong[] now = samples[^1];
            ulong[] went = BitmapReference.Combine(was, now, (a, b) => a && !b);
            ulong[] came = BitmapReference.Combine(was, now, (a, b) => b && !a);

            (ulong[] a, ulong[] b) = (was[..], now[..]);
            Bitmaps.Compare(a, b, went: a, came: b, (VectorWidth)width);
            Assert.Equal(went, a);
            Assert.Equal(came, b);

            (a, b) = (was[..], now[..]);
            Bitmaps.Compare(a, b, went: b, came: a, (VectorWidth)width);
            Assert.Equal(went, b);
            Assert.Equal(came, a);
        }
    }

    [Fact]
    public void Bitmaps_of_different_lengths_are_refused()
    {
        Assert.Throws<ArgumentException>("now", () => Bitmaps.Compare(new ulong[2], new ulong[1], new ulong[2], new ulong[2]));
        Assert.Throws<ArgumentException>("went", () => Bitmaps.Compare(new ulong[2], new ulong[2], new ulong[1], new ulong[2]));
        Assert.Throws<ArgumentException>("came", () => Bitmaps.Compare(new ulong[2], new ulong[2], new ulong[2], new ulong[3]));
    }

    public void Dispose()
    {
        _was.Dispose();
        _now.Dispose();
        _went.Dispose();
        _came.Dispose();
    }

    private void Check(ulong[] was, ulong[] now, int width, params int[] places)
    {
        ulong[] went = BitmapReference.Combine(was, now, (a, b) => a && !b);
        ulong[] came = BitmapReference.Combine(was, now, (a, b) => b && !a);
        bool differs = went.Concat(came).Any(word => word != 0);
        foreach (int at in places.Length > 0 ? places : GuardedMemory.Places(was.Length))
        {
            Span<ulong> gotWent = _went.PutNothing(was.Length, at);
            Span<ulong> gotCame = _came.PutNothing(was.Length, at);
            bool got = Bitmaps.Compare(_was.Put(was, at), _now.Put(now, at), gotWent, gotCame, (VectorWidth)width);
            bool right = got == differs && gotWent.SequenceEqual(went) && gotCame.SequenceEqual(came)
                && _went.IsUntouchedAround(at, was.Length) && _came.IsUntouchedAround(at, was.Length);
            if (!right)
                Assert.Fail($"{was.Length} words at {at}: {BitmapSamples.Describe(was)} and {BitmapSamples.Describe(now)}: {got},"
                    + $" went {BitmapSamples.Describe(gotWent)}, came {BitmapSamples.Describe(gotCame)}");
        }
    }
}
