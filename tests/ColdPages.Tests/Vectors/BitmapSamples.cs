namespace ColdPages.Tests;

/// <summary>Bitmaps for tests of kernels, and the widths to test them at.</summary>
internal static class BitmapSamples
{
    public const int MaxLength = 70;

    /// <summary>In bits, as test names have it; 0 is what callers get who say no width.</summary>
    public static TheoryData<int> Widths => [0, .. VectorWidths.Available.Select(width => (int)width)];

    /// <summary>Bitmaps of a length: empty, full, and random from a bit in hundreds to all but a few.</summary>
    public static IEnumerable<ulong[]> OfLength(int length)
    {
        Random random = new(length);
        yield return new ulong[length];
        yield return Words(length, _ => ulong.MaxValue);
        yield return Words(length, _ => Random(random));
        yield return Words(length, _ => Random(random) & Random(random) & Random(random) & Random(random));
        yield return Words(length, _ => random.Next(4) == 0 ? 1UL << random.Next(64) : 0);
        yield return Words(length, _ => Random(random) | Random(random) | Random(random));
    }

    public static ulong[] SingleBit(int length, int bit)
    {
        ulong[] words = new ulong[length];
        words[bit / 64] = 1UL << (bit % 64);
        return words;
    }

    public static bool Bit(ReadOnlySpan<ulong> words, int bit) => (words[bit / 64] >> (bit % 64) & 1) != 0;

    public static string Describe(ReadOnlySpan<ulong> words) => string.Join(' ', words.ToArray().Select(word => $"{word:x16}"));

    private static ulong[] Words(int length, Func<int, ulong> word) => [.. Enumerable.Range(0, length).Select(word)];

    private static ulong Random(Random random) => (ulong)random.NextInt64(long.MinValue, long.MaxValue);
}
