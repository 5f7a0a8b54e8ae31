using System.Collections;

namespace ColdPages;

/// <summary>
/// Promotions since the source began to watch, by the time that the bytes had been idle: shortest first, and only ranges that have any. Immutable.
/// </summary>
public sealed class PromotionHistogram : IReadOnlyList<PromotionBin>, IEquatable<PromotionHistogram>
{
    private readonly List<PromotionBin> _bins = [];

    /// <param name="edges">Where each range begins.</param>
    /// <param name="values">Two numbers a range: at least, at most.</param>
    internal PromotionHistogram(TimeSpan[] edges, ReadOnlySpan<long> values)
    {
        for (int i = 0; i < edges.Length; i++)
        {
            if (values[(i * 2) + 1] != 0)
                _bins.Add(new PromotionBin(edges[i], i + 1 < edges.Length ? edges[i + 1] : null, new ByteBounds(values[i * 2], values[(i * 2) + 1])));
        }
    }

    /// <summary>The number of ranges that have promotions.</summary>
    public int Count => _bins.Count;

    /// <summary>All promotions.</summary>
    public ByteBounds Total => BytesIdleFor(TimeSpan.Zero);

    /// <summary>A range, shortest first.</summary>
    public PromotionBin this[int index] => _bins[index];

    /// <summary>
    /// Bytes that had been idle for at least <paramref name="age"/> when they were touched again. Where the age lies within a range, that range counts only as possible.
    /// </summary>
    public ByteBounds BytesIdleFor(TimeSpan age)
    {
        ByteBounds sum = default;
        foreach (PromotionBin bin in _bins)
        {
            if (bin.From >= age)
                sum += bin.Bytes;
            else if (bin.To is null || bin.To > age)
                sum += new ByteBounds(0, bin.Bytes.AtMost);
        }

        return sum;
    }

    /// <inheritdoc/>
    public IEnumerator<PromotionBin> GetEnumerator() => _bins.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Whether both have the same ranges with the same bytes.</summary>
    public bool Equals(PromotionHistogram? other) => other is not null && _bins.SequenceEqual(other._bins);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as PromotionHistogram);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Count, Total);
}
