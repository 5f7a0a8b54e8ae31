namespace ColdPages.Tests;

public sealed class BitmapNeitherTests : IDisposable
{
    private readonly GuardedMemory _a = new();
    private readonly GuardedMemory _b = new();
    private readonly GuardedMemory _neither = new();

    public static TheoryData<int> Widths => BitmapSamples.Widths;

    [Theory]
    [MemberData(nameof(Widths))]
    public void Finds_the_bits_that_are_in_neither(int width)
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
    public void The_result_may_take_the_place_of_a_bitmap(int width)
    {
        for (int length = 0; length <= BitmapSamples.MaxLength; length++)
        {
            ulong[][] samples = [.. BitmapSamples.OfLength(length)];
            ulong[] neither = BitmapReference.Combine(samples[2], samples[3], (a, b) => !a && !b);

            (ulong[] a, ulong[] b) = (samples[2][..], samples[3][..]);
            Bitmaps.Neither(a, b, a, (VectorWidth)width);
            Assert.Equal(neither, a);

            (a, b) = (samples[2][..], samples[3][..]);
            Bitmaps.Neither(a, b, b, (VectorWidth)width);
            Assert.Equal(neither, b);
        }
    }

    [Fact]
    public void Bitmaps_of_different_lengths_are_refused()
    {
        Assert.Throws<ArgumentException>("b", () => Bitmaps.Neither(new ulong[2], new ulong[3], new ulong[2]));
        Assert.Throws<ArgumentException>("neither", () => Bitmaps.Neither(new ulong[2], new ulong[2], new ulong[1]));
    }

    public void Dispose()
    {
        _a.Dispose();
        _b.Dispose();
        _neither.Dispose();
    }

    private void Check(ulong[] a, ulong[] b, int width)
    {
        ulong[] neither = BitmapReference.Combine(a, b, (inA, inB) => !inA && !inB);
        foreach (int at in GuardedMemory.Places(a.Length))
        {
            Span<ulong> got = _neither.PutNothing(a.Length, at);
            Bitmaps.Neither(_a.Put(a, at), _b.Put(b, at), got, (VectorWidth)width);
            if (!got.SequenceEqual(neither) || !_neither.IsUntouchedAround(at, a.Length))
                Assert.Fail($"{a.Length} words at {at}: {BitmapSamples.Describe(a)} and {BitmapSamples.Describe(b)}: {BitmapSamples.Describe(got)}");
        }
    }
}
