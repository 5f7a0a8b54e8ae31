namespace ColdPages;

/// <inheritdoc cref="Bitmaps.RunLength"/>
internal readonly ref struct RunLengthKernel : IBitmapKernel
{
    public required ReadOnlySpan<ulong> Entries { get; init; }

    public required ulong First { get; init; }

    public int Run<TWords>(int from)
        where TWords : struct, IWords<TWords>
    {
        ReadOnlySpan<ulong> entries = Entries;
        TWords first = TWords.All(First);
        int at = from;
        while (at <= entries.Length - TWords.Count && TWords.IsZero(TWords.Load(entries, at) ^ first))
            at += TWords.Count;
        return at;
    }
}
