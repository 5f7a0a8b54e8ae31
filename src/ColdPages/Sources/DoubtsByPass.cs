namespace ColdPages;

/// <summary>Doubts that no question clears up, counted by the mark of the pass that had them: they matter for as long as ages reach back to that.</summary>
internal sealed class DoubtsByPass
{
    private readonly long[] _counts = new long[PassMark.Count];

    public long Total { get; private set; }

    /// <summary>A pass begins, and no age reaches back any more to the one that had its mark before.</summary>
    public void Begin(byte mark) => Add(mark, -_counts[mark]);

    public void Add(byte mark, long count)
    {
        _counts[mark] += count;
        Total += count;
    }
}
