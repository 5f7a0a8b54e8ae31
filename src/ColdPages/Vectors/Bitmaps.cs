using System.Runtime.CompilerServices;

namespace ColdPages;

/// <summary>
/// What a scan does with bitmaps that hold a page a bit, 64 pages a word. Bitmaps that belong together have the same length. Tests and benchmarks
/// say a width; nobody else has a reason to.
/// </summary>
internal static class Bitmaps
{
    /// <summary>
    /// What differs between two bitmaps: bits that went, and bits that came. False where they are the same. <paramref name="went"/> and
    /// <paramref name="came"/> may each be one of the two bitmaps, but overlap with neither in any other way, nor with each other.
    /// </summary>
    public static bool Compare(
        ReadOnlySpan<ulong> was, ReadOnlySpan<ulong> now, Span<ulong> went, Span<ulong> came, VectorWidth width = VectorWidth.Widest)
    {
        RequireLength(now, was.Length);
        RequireLength(went, was.Length);
        RequireLength(came, was.Length);
        CompareKernel kernel = new() { Was = was, Now = now, Went = went, Came = came };
        BitmapKernel.Run(ref kernel, width);
        return kernel.Differs;
    }

    /// <summary>
    /// Bits that are in neither bitmap. <paramref name="neither"/> may be one of the two, but overlap with them in no other way.
    /// </summary>
    public static void Neither(ReadOnlySpan<ulong> a, ReadOnlySpan<ulong> b, Span<ulong> neither, VectorWidth width = VectorWidth.Widest)
    {
        RequireLength(b, a.Length);
        RequireLength(neither, a.Length);
        NeitherKernel kernel = new() { A = a, B = b, None = neither };
        BitmapKernel.Run(ref kernel, width);
    }

    /// <summary>How many bits are set.</summary>
    public static long PopCount(ReadOnlySpan<ulong> words, VectorWidth width = VectorWidth.Widest)
    {
        PopCountKernel kernel = new() { Words = words };
        BitmapKernel.Run(ref kernel, width);
        return (long)kernel.Count;
    }

    /// <summary>
    /// Adds to <paramref name="covered"/> every page of the folios whose heads are given, all of 2^<paramref name="order"/> pages and, as the
    /// kernel lays them, aligned to their size. Of a folio that goes beyond the bitmap's end only the pages within are added. A head that is
    /// not aligned is slower and no error: its folio begins there. The two bitmaps may not overlap.
    /// </summary>
    public static void ExpandHeads(ReadOnlySpan<ulong> heads, int order, Span<ulong> covered, VectorWidth width = VectorWidth.Widest)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(order);
        RequireLength(covered, heads.Length);
        ExpandHeadsKernel kernel = new() { Heads = heads, Order = order, Covered = covered };
        BitmapKernel.Run(ref kernel, width);
    }

    /// <summary>How many entries from the first on are equal to it; 0 of none.</summary>
    public static int RunLength(ReadOnlySpan<ulong> entries, VectorWidth width = VectorWidth.Widest)
    {
        // Most runs are short, and for them calling a kernel takes longer than the run: 12 ns against 2 for a run of one.
        const int Few = 16;
        int few = Math.Min(Few, entries.Length);
        int length = 0;
        while (length < few && entries[length] == entries[0])
            length++;
        if (length < Few)
            return length;
        RunLengthKernel kernel = new() { Entries = entries, First = entries[0] };
        return BitmapKernel.Run(ref kernel, width);
    }

    private static void RequireLength(ReadOnlySpan<ulong> words, int length, [CallerArgumentExpression(nameof(words))] string? name = null)
    {
        if (words.Length != length)
            throw new ArgumentException($"The bitmaps are to be of one length; this one has {words.Length} words, another {length}.", name);
    }
}
