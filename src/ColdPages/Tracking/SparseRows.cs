using System.Runtime.InteropServices;

namespace ColdPages;

/// <summary>Rows of numbers of one length, of which only those that are not 0 are kept, 10 bytes each; summed over ranges of rows.</summary>
internal sealed class SparseRows
{
    /// <summary>A number's place in its row is kept in 16 bits.</summary>
    public const int MaxLength = ushort.MaxValue + 1;

    private readonly List<int> _starts = [];
    private readonly List<ushort> _places = [];
    private readonly List<long> _values = [];

    /// <summary>How many rows there are.</summary>
    public int Count => _starts.Count;

    public void Add(ReadOnlySpan<long> row)
    {
        _starts.Add(_values.Count);
        for (int place = 0; place < row.Length; place++)
        {
            if (row[place] == 0)
                continue;
            _places.Add((ushort)place);
            _values.Add(row[place]);
        }
    }

    /// <summary>Writes the sums of the rows from one to before another over what was there.</summary>
    public void Sum(int row, int end, Span<long> sums)
    {
        sums.Clear();
        int last = end < _starts.Count ? _starts[end] : _values.Count;
        ReadOnlySpan<ushort> places = CollectionsMarshal.AsSpan(_places);
        ReadOnlySpan<long> values = CollectionsMarshal.AsSpan(_values);
        for (int i = _starts[row]; i < last; i++)
            sums[places[i]] += values[i];
    }

    /// <summary>Gives back what the growing lists took too much.</summary>
    public void Trim()
    {
        _starts.TrimExcess();
        _places.TrimExcess();
        _values.TrimExcess();
    }

    public bool ContentEquals(SparseRows other) =>
        CollectionsMarshal.AsSpan(_starts).SequenceEqual(CollectionsMarshal.AsSpan(other._starts))
        && CollectionsMarshal.AsSpan(_places).SequenceEqual(CollectionsMarshal.AsSpan(other._places))
        && CollectionsMarshal.AsSpan(_values).SequenceEqual(CollectionsMarshal.AsSpan(other._values));
}
