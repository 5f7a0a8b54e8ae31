using System.Numerics;

namespace ColdPages;

/// <summary>What a scan does with bitmaps that hold a page a bit, 64 pages a word.</summary>
internal static class Bitmaps
{
    /// <summary>What differs between two bitmaps: bits that went, and bits that came. False where they are the same.</summary>
    public static bool Compare(ReadOnlySpan<ulong> was, ReadOnlySpan<ulong> now, Span<ulong> went, Span<ulong> came)
    {
        ulong differing = 0;
        for (int i = 0; i < was.Length; i++)
        {
            went[i] = was[i] & ~now[i];
            came[i] = now[i] & ~was[i];
            differing |= was[i] ^ now[i];
        }

        return differing != 0;
    }

    /// <summary>Bits that are in neither bitmap.</summary>
    public static void Neither(ReadOnlySpan<ulong> a, ReadOnlySpan<ulong> b, Span<ulong> neither)
    {
        for (int i = 0; i < a.Length; i++)
            neither[i] = ~(a[i] | b[i]);
    }

    public static long PopCount(ReadOnlySpan<ulong> words)
    {
        long count = 0;
        foreach (ulong word in words)
            count += BitOperations.PopCount(word);
        return count;
    }

    /// <summary>
    /// Adds to <paramref name="covered"/> every page of the folios whose heads are given, all of 2^<paramref name="order"/> pages and, as the
    /// kernel lays them, aligned to their size. Of a folio that goes beyond the bitmap's end only the pages within are added.
    /// </summary>
    public static void ExpandHeads(ReadOnlySpan<ulong> heads, int order, Span<ulong> covered)
    {
        for (int i = 0; i < heads.Length * 64; i++)
        {
            if ((heads[i >> 6] & (1UL << (i & 63))) == 0)
                continue;
            for (int page = i; page < Math.Min(i + (1 << order), heads.Length * 64); page++)
                covered[page >> 6] |= 1UL << (page & 63);
        }
    }

    /// <summary>How many entries from the first on are equal to it; 0 of none.</summary>
    public static int RunLength(ReadOnlySpan<ulong> entries)
    {
        int length = 0;
        while (length < entries.Length && entries[length] == entries[0])
            length++;
        return length;
    }
}
