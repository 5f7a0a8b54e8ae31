namespace ColdPages;

/// <inheritdoc cref="Bitmaps.Compare"/>
internal ref struct CompareKernel : IBitmapKernel
{
    public required ReadOnlySpan<ulong> Was { get; init; }

    public required ReadOnlySpan<ulong> Now { get; init; }

    public required Span<ulong> Went { get; init; }

    public required Span<ulong> Came { get; init; }

    public bool Differs { get; private set; }

    public int Run<TWords>(int from)
        where TWords : struct, IWords<TWords>
    {
        ReadOnlySpan<ulong> was = Was;
        ReadOnlySpan<ulong> now = Now;
        Span<ulong> went = Went;
        Span<ulong> came = Came;
        TWords different = default;
        int at = from;
        for (; at <= was.Length - TWords.Count; at += TWords.Count)
        {
            TWords before = TWords.Load(was, at);
            TWords after = TWords.Load(now, at);
            TWords changed = before ^ after;
            TWords.Store(before & changed, went, at);
            TWords.Store(after & changed, came, at);
            different |= changed;
        }

        Differs |= !TWords.IsZero(different);
        return at;
    }
}
