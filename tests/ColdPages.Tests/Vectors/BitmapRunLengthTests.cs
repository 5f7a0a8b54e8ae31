namespace ColdPages.Tests;

public sealed class BitmapRunLengthTests : IDisposable
{
    private readonly GuardedMemory _memory = new();

    public static TheoryData<int> Widths => BitmapSamples.Widths;

    /// <summary>Runs of every length, ended by the end or by one entry of which a single bit is different.</summary>
    [Theory]
    [MemberData(nameof(Widths))]
    public void Ends_before_the_first_entry_that_is_different(int width)
    {
        for (int length = 1; length <= BitmapSamples.MaxLength; length++)
        {
            for (int run = 1; run <= length; run++)
            {
                ulong[] entries = Run(length, run, bit: (length + run) % 64);
                foreach (int at in GuardedMemory.Places(length))
                    Check(entries, at, width, run);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void Sees_a_difference_in_any_bit(int width)
    {
        const int Length = 41;
        for (int run = 1; run < Length; run++)
        {
            for (int bit = 0; bit < 64; bit++)
                Check(Run(Length, run, bit), 0, width, run);
        }
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void Of_no_entries_is_0(int width)
    {
        foreach (int at in GuardedMemory.Places(0))
            Check([], at, width, 0);
    }

    public void Dispose() => _memory.Dispose();

    // Behind the entry that ends the run come more that would go on with it.
    private static ulong[] Run(int length, int run, int bit)
    {
        ulong[] entries = new ulong[length];
        Array.Fill(entries, 0x1234_5678_9abc_def0UL);
        if (run < length)
            entries[run] ^= 1UL << bit;
        return entries;
    }

    // The words around the entries are made the same as they are: a run that left its span would find more.
    private void Check(ulong[] entries, int at, int width, int run)
    {
        Span<ulong> placed = _memory.Put(entries, at);
        _memory.All[..at].Fill(entries.FirstOrDefault());
        _memory.All[(at + entries.Length)..].Fill(entries.FirstOrDefault());
        int got = Bitmaps.RunLength(placed, (VectorWidth)width);
        if (got != run)
            Assert.Fail($"{entries.Length} entries at {at}: {got} and not {run} in {BitmapSamples.Describe(entries)}");
    }
}
