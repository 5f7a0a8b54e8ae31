namespace ColdPages.Tests;

/// <summary>What kernels are to find, bit by bit.</summary>
internal static class BitmapReference
{
    public static ulong[] Combine(ReadOnlySpan<ulong> a, ReadOnlySpan<ulong> b, Func<bool, bool, bool> operation)
    {
        ulong[] result = new ulong[a.Length];
        for (int bit = 0; bit < a.Length * 64; bit++)
        {
            if (operation(BitmapSamples.Bit(a, bit), BitmapSamples.Bit(b, bit)))
                result[bit / 64] |= 1UL << (bit % 64);
        }

        return result;
    }

    public static long PopCount(ReadOnlySpan<ulong> words)
    {
        long count = 0;
        for (int bit = 0; bit < words.Length * 64; bit++)
            count += BitmapSamples.Bit(words, bit) ? 1 : 0;
        return count;
    }

    /// <summary>A page is covered if a folio began at it, or not as many pages before it as a folio has.</summary>
    public static ulong[] ExpandHeads(ReadOnlySpan<ulong> heads, int order, ReadOnlySpan<ulong> covered)
    {
        ulong[] result = covered.ToArray();
        long lastHead = long.MinValue / 2;
        for (int page = 0; page < heads.Length * 64; page++)
        {
            if (BitmapSamples.Bit(heads, page))
                lastHead = page;
            if (page - lastHead < 1L << order)
                result[page / 64] |= 1UL << (page % 64);
        }

        return result;
    }

    /// <summary>Only those heads that are aligned to their folio's size.</summary>
    public static ulong[] Aligned(ReadOnlySpan<ulong> heads, int order)
    {
        ulong[] result = heads.ToArray();
        for (int page = 0; page < heads.Length * 64; page++)
        {
            if (page % (1L << order) != 0)
                result[page / 64] &= ~(1UL << (page % 64));
        }

        return result;
    }
}
