namespace ColdPages.Tests;

public sealed class BitmapPopCountTests : IDisposable
{
    private readonly GuardedMemory _memory = new();

    public static TheoryData<int> Widths => BitmapSamples.Widths;

    [Theory]
    [MemberData(nameof(Widths))]
    public void Counts_every_bit_once(int width)
    {
        for (int length = 0; length <= BitmapSamples.MaxLength; length++)
        {
            foreach (ulong[] words in BitmapSamples.OfLength(length))
            {
                long count = BitmapReference.PopCount(words);
                foreach (int at in GuardedMemory.Places(length))
                    Check(words, at, width, count);
            }
        }
    }

    /// <summary>Long enough for blocks of eight of the widest vectors and all that comes behind them.</summary>
    [Theory]
    [MemberData(nameof(Widths))]
    public void Counts_a_single_bit_wherever_it_is(int width)
    {
        const int Length = 64 + 8 + 1;
        for (int bit = 0; bit < Length * 64; bit++)
            Check(BitmapSamples.SingleBit(Length, bit), 0, width, 1);
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void Counts_many_blocks(int width)
    {
        foreach (ulong[] words in new[] { 128, 200, 511, 512, 1000, 4099 }.SelectMany(BitmapSamples.OfLength))
            Assert.Equal(BitmapReference.PopCount(words), Bitmaps.PopCount(words, (VectorWidth)width));
    }

    public void Dispose() => _memory.Dispose();

    private void Check(ulong[] words, int at, int width, long count)
    {
        long got = Bitmaps.PopCount(_memory.Put(words, at), (VectorWidth)width);
        if (got != count)
            Assert.Fail($"{words.Length} words at {at}: {got} and not {count} in {BitmapSamples.Describe(words)}");
    }
}
