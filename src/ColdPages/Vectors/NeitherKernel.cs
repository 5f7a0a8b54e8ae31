namespace ColdPages;

/// <inheritdoc cref="Bitmaps.Neither"/>
internal readonly ref struct NeitherKernel : IBitmapKernel
{
    public required ReadOnlySpan<ulong> A { get; init; }

    public required ReadOnlySpan<ulong> B { get; init; }

    public required Span<ulong> None { get; init; }

    public int Run<TWords>(int from)
        where TWords : struct, IWords<TWords>
    {
        ReadOnlySpan<ulong> a = A;
        ReadOnlySpan<ulong> b = B;
        Span<ulong> neither = None;
        int at = from;
        for (; at <= a.Length - TWords.Count; at += TWords.Count)
            TWords.Store(~(TWords.Load(a, at) | TWords.Load(b, at)), neither, at);
        return at;
    }
}
