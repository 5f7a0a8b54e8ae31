using System.Collections;

namespace ColdPages;

/// <summary>
/// What state idle memory is in, by idle age: the bins of an <see cref="AgeHistogram"/> but the youngest, which holds what was touched. At most: it counts what was found idle for so long also where
/// touches may have left no trace, so that <see cref="AgeHistogram.BytesOlderThan(TimeSpan)"/> tells less for certain; act on that. Immutable.
/// </summary>
public sealed class IdleDetail : IReadOnlyList<IdleDetailBin>, IEquatable<IdleDetail>
{
    private readonly TimeSpan[] _edges;
    private readonly int[] _nodes;
    private readonly long[] _values;

    /// <param name="edges">Where each bin begins, the youngest included. Shared, never changed.</param>
    /// <param name="nodes">The numbers of the nodes. Shared, never changed.</param>
    /// <param name="values">As <see cref="IdleDetailLayout"/> has them, for all bins. Owned by the detail from here on.</param>
    internal IdleDetail(TimeSpan[] edges, int[] nodes, long[] values)
    {
        _edges = edges;
        _nodes = nodes;
        _values = values;
    }

    /// <summary>The number of bins; one fewer than the histogram has.</summary>
    public int Count => Math.Max(0, _edges.Length - 1);

    /// <summary>The bin at a place, youngest first.</summary>
    public IdleDetailBin this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfNegative(index);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
            int bin = index + 1;
            return Make(_edges[bin], bin + 1 < _edges.Length ? _edges[bin + 1] : null, Values(bin));
        }
    }

    /// <summary>All bins from an age on together: those that begin there or later. Its <see cref="IdleDetailBin.From"/> is where the first of them begins; where none does, the age.</summary>
    /// <param name="age">The idle age.</param>
    public IdleDetailBin OlderThan(TimeSpan age)
    {
        int first = 1;
        while (first < _edges.Length && _edges[first] < age)
            first++;
        long[] sums = new long[IdleDetailLayout.Stride(_nodes.Length)];
        for (int bin = first; bin < _edges.Length; bin++)
        {
            ReadOnlySpan<long> values = Values(bin);
            for (int i = 0; i < sums.Length; i++)
                sums[i] += values[i];
        }

        return Make(first < _edges.Length ? _edges[first] : age, null, sums);
    }

    /// <inheritdoc/>
    public IEnumerator<IdleDetailBin> GetEnumerator()
    {
        for (int i = 0; i < Count; i++)
            yield return this[i];
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Whether both have the same bins with the same bytes.</summary>
    public bool Equals(IdleDetail? other) =>
        other is not null && _edges.AsSpan().SequenceEqual(other._edges) && _nodes.AsSpan().SequenceEqual(other._nodes) && _values.AsSpan().SequenceEqual(other._values);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as IdleDetail);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(_edges.Length, _nodes.Length, OlderThan(TimeSpan.Zero));

    private ReadOnlySpan<long> Values(int bin)
    {
        int stride = IdleDetailLayout.Stride(_nodes.Length);
        return _values.AsSpan(bin * stride, stride);
    }

    private IdleDetailBin Make(TimeSpan from, TimeSpan? to, ReadOnlySpan<long> values)
    {
        NodeBytes[] nodes = new NodeBytes[_nodes.Length];
        for (int i = 0; i < nodes.Length; i++)
            nodes[i] = new NodeBytes(_nodes[i], values[IdleDetailLayout.States + i]);
        return new IdleDetailBin
        {
            From = from,
            To = to,
            FileCleanBytes = values[IdleDetailLayout.FileClean],
            FileDirtyBytes = values[IdleDetailLayout.FileDirty],
            FileWritebackBytes = values[IdleDetailLayout.FileWriteback],
            FileMappedBytes = values[IdleDetailLayout.FileMapped],
            UnevictableBytes = values[IdleDetailLayout.Unevictable],
            MlockedBytes = values[IdleDetailLayout.Mlocked],
            SharedBytes = values[IdleDetailLayout.Shared],
            UnknownBytes = values[IdleDetailLayout.Unknown],
            Nodes = Array.AsReadOnly(nodes),
        };
    }
}
