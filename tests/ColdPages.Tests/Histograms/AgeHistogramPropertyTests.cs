using FsCheck.Xunit;

namespace ColdPages.Tests;

/// <summary>What holds for any histogram that Create accepts, at any age.</summary>
public sealed class AgeHistogramPropertyTests
{
    private static readonly PageKind[] s_kinds = Enum.GetValues<PageKind>();

    [Property]
    public void Bytes_older_than_an_age_never_grow_with_it((byte, byte, byte, byte, byte)[] bins)
    {
        AgeHistogram histogram = Bins.From(bins);
        foreach (PageKind? kind in (PageKind?[])[null, .. s_kinds])
        {
            ByteBounds younger = Bytes(histogram, -1, kind);
            for (int halfSeconds = 0; halfSeconds < 8 * (bins.Length + 1); halfSeconds++)
            {
                ByteBounds older = Bytes(histogram, halfSeconds * 0.5, kind);
                Assert.True(older.AtLeast <= younger.AtLeast, $"{kind} at {halfSeconds * 0.5} s: {older} after {younger}");
                Assert.True(older.AtMost <= younger.AtMost, $"{kind} at {halfSeconds * 0.5} s: {older} after {younger}");
                younger = older;
            }
        }
    }

    [Property]
    public void At_least_is_never_above_at_most_nor_that_above_all_bytes((byte, byte, byte, byte, byte)[] bins, byte age)
    {
        AgeHistogram histogram = Bins.From(bins);
        Assert.Equal(histogram.Sum(bin => bin.LowerBytes), histogram.TotalBytes);
        foreach (PageKind? kind in (PageKind?[])[null, .. s_kinds])
        {
            ByteBounds bytes = Bytes(histogram, age * 0.5, kind);
            Assert.InRange(bytes.AtLeast, 0, bytes.AtMost);
            Assert.InRange(bytes.AtMost, 0, kind is null ? histogram.TotalBytes : histogram.Sum(bin => bin.Bytes(kind.Value)));
        }
    }

    [Property]
    public void What_is_certain_by_kind_adds_up_to_what_is_certain_of_all((byte, byte, byte, byte, byte)[] bins, byte age)
    {
        AgeHistogram histogram = Bins.From(bins);
        Assert.Equal(Bytes(histogram, age * 0.5, kind: null).AtLeast, s_kinds.Sum(kind => Bytes(histogram, age * 0.5, kind).AtLeast));
    }

    [Property]
    public void What_is_possible_of_all_is_no_more_than_what_is_possible_by_kind((byte, byte, byte, byte, byte)[] bins, byte age)
    {
        AgeHistogram histogram = Bins.From(bins);
        Assert.True(Bytes(histogram, age * 0.5, kind: null).AtMost <= s_kinds.Sum(kind => Bytes(histogram, age * 0.5, kind).AtMost));
    }

    [Property]
    public void Without_excess_an_edge_is_exact((byte, byte, byte, byte, byte)[] bins)
    {
        AgeHistogram histogram = Bins.From([.. bins.Select(bin => (bin.Item1, bin.Item2, bin.Item3, bin.Item4, (byte)0))]);
        foreach (AgeBin bin in histogram)
        {
            ByteBounds bytes = histogram.BytesOlderThan(bin.From);
            Assert.True(bytes.IsExact);
            Assert.Equal(histogram.Where(other => other.From >= bin.From).Sum(other => other.LowerBytes), bytes.AtLeast);
        }
    }

    [Property]
    public void A_histogram_made_of_its_own_bins_is_equal((byte, byte, byte, byte, byte)[] bins)
    {
        AgeHistogram histogram = Bins.From(bins);
        Assert.Equal(histogram, AgeHistogram.Create(histogram));
    }

    private static ByteBounds Bytes(AgeHistogram histogram, double seconds, PageKind? kind) =>
        kind is null ? histogram.BytesOlderThan(Bins.S(seconds)) : histogram.BytesOlderThan(Bins.S(seconds), kind.Value);
}
