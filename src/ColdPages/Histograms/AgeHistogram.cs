using System.Collections;
using System.Runtime.InteropServices;

namespace ColdPages;

/// <summary>
/// Bytes by idle age, youngest bin first. The bins touch each other, are not cumulative, and together hold every tracked byte once.
/// Immutable.
/// </summary>
public sealed class AgeHistogram : IReadOnlyList<AgeBin>, IEquatable<AgeHistogram>
{
    private readonly TimeSpan[] _edges;
    private readonly long[] _values;

    /// <param name="edges">Where each bin begins; the first at 0. Shared, never changed.</param>
    /// <param name="values">As <see cref="BinLayout"/> has them. Owned by the histogram from here on.</param>
    internal AgeHistogram(TimeSpan[] edges, long[] values)
    {
        _edges = edges;
        _values = values;
    }

    /// <summary>A histogram of bins that touch each other, the first from 0 and only the last one open.</summary>
    /// <exception cref="ArgumentException">The bins leave a gap, overlap, or hold a negative number or more than a long can count; or the youngest holds excess bytes, which no younger one counts.</exception>
    public static AgeHistogram Create(IEnumerable<AgeBin> bins)
    {
        ArgumentNullException.ThrowIfNull(bins);
        AgeBin[] all = [.. bins];
        TimeSpan[] edges = new TimeSpan[all.Length];
        long[] values = new long[all.Length * BinLayout.Stride];
        long total = 0;
        for (int i = 0; i < all.Length; i++)
        {
            AgeBin bin = all[i];
            TimeSpan expectedFrom = i == 0 ? TimeSpan.Zero : all[i - 1].To ?? TimeSpan.MaxValue;
            if (bin.From != expectedFrom || (bin.To is null) != (i == all.Length - 1) || bin.To < bin.From)
                throw new ArgumentException($"Bin {i} from {bin.From} to {bin.To} does not follow the one before it, or only the last may be open.", nameof(bins));
            if (bin.AnonBytes < 0 || bin.FileBytes < 0 || bin.ShmemBytes < 0 || bin.ExcessBytes < 0)
                throw new ArgumentException($"Bin {i} holds a negative number of bytes.", nameof(bins));
            if (i == 0 && bin.ExcessBytes > 0)
                throw new ArgumentException("The youngest bin holds excess bytes, but there is no younger one that could count them.", nameof(bins));
            try
            {
                total = checked(total + bin.AnonBytes + bin.FileBytes + bin.ShmemBytes + bin.ExcessBytes);
            }
            catch (OverflowException e)
            {
                throw new ArgumentException("The bins hold more bytes than a long can count.", nameof(bins), e);
            }

            edges[i] = bin.From;
            BinLayout.Write(bin, values.AsSpan(i * BinLayout.Stride, BinLayout.Stride));
        }

        return new AgeHistogram(edges, values);
    }

    /// <summary>The number of bins; 0 where nothing was scanned.</summary>
    public int Count => _edges.Length;

    /// <summary>All bytes of the histogram.</summary>
    public long TotalBytes => BytesOlderThan(TimeSpan.Zero).AtLeast;

    /// <summary>The bin at a place, youngest first.</summary>
    public AgeBin this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfNegative(index);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
            ReadOnlySpan<long> values = Values(index);
            return new AgeBin
            {
                From = _edges[index],
                To = index + 1 < Count ? _edges[index + 1] : null,
                AnonBytes = values[(int)PageKind.Anon],
                FileBytes = values[(int)PageKind.File],
                ShmemBytes = values[(int)PageKind.Shmem],
                ExcessBytes = values[BinLayout.Excess],
            };
        }
    }

    /// <summary>
    /// Bytes idle for at least <paramref name="age"/>. Where the age lies within a bin, that bin counts only as possible, so an age
    /// longer than the host was watched gives 0 at least and the open bin at most.
    /// </summary>
    /// <remarks>
    /// Ages are measured, and a pass begins a little late: twice the interval lies just below the third bin, and within the second. What was idle for n passes is older than <c>this[n].From</c>.
    /// </remarks>
    /// <param name="age">The idle age; zero or less gives all bytes.</param>
    public ByteBounds BytesOlderThan(TimeSpan age) => BytesOlderThan(age, firstKind: 0, BinLayout.Kinds);

    /// <summary>As <see cref="BytesOlderThan(TimeSpan)"/>, for one kind of page; none of a kind that the source counts with another (<see cref="ColdPageSnapshot.KindsMerged"/>).</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such kind.</exception>
    public ByteBounds BytesOlderThan(TimeSpan age, PageKind kind)
    {
        if (kind is < PageKind.Anon or > PageKind.Shmem)
            throw new ArgumentOutOfRangeException(nameof(kind), kind, "No such kind of page.");
        return BytesOlderThan(age, (int)kind, kinds: 1);
    }

    private ByteBounds BytesOlderThan(TimeSpan age, int firstKind, int kinds)
    {
        long certain = 0;
        long possible = 0;
        long reaching = 0;
        bool reached = false;
        for (int bin = 0; bin < Count; bin++)
        {
            ReadOnlySpan<long> values = Values(bin);
            long bytes = 0;
            foreach (long value in values.Slice(firstKind, kinds))
                bytes += value;

            // Bytes of younger bins that may belong here: none that could not be in the bin before. The excess is not known by kind: all
            // of it might be of this one, as far as there are such bytes.
            long excess = Math.Min(values[BinLayout.Excess], reaching);
            reaching = excess + bytes;
            bool isOlder = _edges[bin] >= age;
            if (isOlder)
                certain += bytes;
            if (!isOlder && bin + 1 < Count && _edges[bin + 1] <= age)
                continue;

            // Of the bins counted, only the youngest one's excess lies outside them; the others' is counted already.
            if (!reached)
                possible = excess;
            reached = true;
            possible += bytes;
        }

        return new ByteBounds(certain, possible);
    }

    /// <inheritdoc/>
    public IEnumerator<AgeBin> GetEnumerator()
    {
        for (int i = 0; i < Count; i++)
            yield return this[i];
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Whether both have the same bins with the same bytes.</summary>
    public bool Equals(AgeHistogram? other) =>
        other is not null && _edges.AsSpan().SequenceEqual(other._edges) && _values.AsSpan().SequenceEqual(other._values);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as AgeHistogram);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        HashCode hash = default;
        hash.AddBytes(MemoryMarshal.AsBytes(_values.AsSpan()));
        return hash.ToHashCode();
    }

    /// <summary>Where each bin begins. Shared, never changed.</summary>
    internal TimeSpan[] Edges => _edges;

    internal void CopyTo(Span<long> values) => _values.CopyTo(values);

    private ReadOnlySpan<long> Values(int bin) => _values.AsSpan(bin * BinLayout.Stride, BinLayout.Stride);
}
