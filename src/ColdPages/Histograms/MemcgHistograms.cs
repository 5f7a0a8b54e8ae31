namespace ColdPages;

/// <summary>The histograms that a pass adds up: one row of numbers a memcg, in one array that is kept from pass to pass.</summary>
internal sealed class MemcgHistograms
{
    private long[] _values = [];
    private int _rows;

    public int Bins { get; private set; }

    public long StateBytes => _values.Length * sizeof(long);

    /// <summary>Starts anew, all zero.</summary>
    public void Reset(int rows, int bins)
    {
        Bins = bins;
        _rows = rows;
        int needed = rows * bins * BinLayout.Stride;
        if (_values.Length < needed)
            _values = new long[Math.Max(needed, _values.Length * 2)];
        else
            Array.Clear(_values, 0, needed);
    }

    /// <summary>The numbers of one row, as <see cref="BinLayout"/> has them.</summary>
    public Span<long> Row(int row)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(row, _rows);
        int length = Bins * BinLayout.Stride;
        return _values.AsSpan(row * length, length);
    }
}
