using static ColdPages.Tests.Bins;

namespace ColdPages.Tests;

public sealed class AgeHistogramTests
{
    private readonly AgeHistogram _exact = AgeHistogram.Create(
    [
        Of(0, 2, anon: 1, file: 2, shmem: 4),
        Of(2, 5, anon: 8, file: 16, shmem: 32),
        Of(5, null, anon: 64, file: 128, shmem: 256),
    ]);

    /// <summary>Of 300 touched bytes, up to 300 may be 2 s old and up to 200 of them 4 s.</summary>
    private readonly AgeHistogram _bounded = AgeHistogram.Create(
    [
        Of(0, 2, anon: 100, file: 200),
        Of(2, 4, excess: 300),
        Of(4, 6, excess: 200),
        Of(6, null, anon: 1000),
    ]);

    [Theory]
    [InlineData(0, 511)]
    [InlineData(2, 504)]
    [InlineData(5, 448)]
    public void An_age_on_an_edge_is_exact(double seconds, long expected) =>
        Assert.Equal(new ByteBounds(expected, expected), _exact.BytesOlderThan(S(seconds)));

    [Theory]
    [InlineData(0.001, 504, 511)]
    [InlineData(1.999, 504, 511)]
    [InlineData(2.001, 448, 504)]
    [InlineData(4.999, 448, 504)]
    public void An_age_within_a_bin_counts_that_bin_as_possible(double seconds, long atLeast, long atMost) =>
        Assert.Equal(new ByteBounds(atLeast, atMost), _exact.BytesOlderThan(S(seconds)));

    [Theory]
    [InlineData(5.001)]
    [InlineData(1e9)]
    public void An_age_beyond_the_last_edge_gives_nothing_certain_and_the_open_bin_at_most(double seconds) =>
        Assert.Equal(new ByteBounds(0, 448), _exact.BytesOlderThan(S(seconds)));

    [Fact]
    public void The_longest_age_there_is_gives_the_open_bin_at_most() =>
        Assert.Equal(new ByteBounds(0, 448), _exact.BytesOlderThan(TimeSpan.MaxValue));

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(-1e9)]
    public void Zero_or_less_gives_all_bytes(double seconds)
    {
        Assert.Equal(new ByteBounds(511, 511), _exact.BytesOlderThan(S(seconds)));
        Assert.Equal(new ByteBounds(1300, 1300), _bounded.BytesOlderThan(S(seconds)));
    }

    [Theory]
    [InlineData(2, 1000, 1300)]
    [InlineData(3, 1000, 1300)]
    [InlineData(4, 1000, 1200)]
    [InlineData(5, 1000, 1200)]
    [InlineData(6, 1000, 1000)]
    [InlineData(7, 0, 1000)]
    public void Excess_is_possible_and_never_certain(double seconds, long atLeast, long atMost) =>
        Assert.Equal(new ByteBounds(atLeast, atMost), _bounded.BytesOlderThan(S(seconds)));

    [Theory]
    [InlineData(PageKind.Anon, 2, 72, 72)]
    [InlineData(PageKind.File, 2, 144, 144)]
    [InlineData(PageKind.Shmem, 2, 288, 288)]
    [InlineData(PageKind.Shmem, 3, 256, 288)]
    [InlineData(PageKind.Anon, 6, 0, 64)]
    [InlineData(PageKind.File, -1, 146, 146)]
    public void One_kind_is_told_by_itself(PageKind kind, double seconds, long atLeast, long atMost) =>
        Assert.Equal(new ByteBounds(atLeast, atMost), _exact.BytesOlderThan(S(seconds), kind));

    [Theory]
    [InlineData(PageKind.Anon, 2, 1000, 1100)]
    [InlineData(PageKind.File, 2, 0, 200)]
    [InlineData(PageKind.File, 4, 0, 200)]
    [InlineData(PageKind.Shmem, 2, 0, 0)]
    [InlineData(PageKind.Anon, 6, 1000, 1000)]
    public void Excess_may_be_of_any_kind_that_the_younger_bins_have(PageKind kind, double seconds, long atLeast, long atMost) =>
        Assert.Equal(new ByteBounds(atLeast, atMost), _bounded.BytesOlderThan(S(seconds), kind));

    [Fact]
    public void Excess_that_comes_from_another_kinds_bin_is_not_lent_to_this_kind()
    {
        // The 50 bytes that might be 4 s old are the file bytes of the bin from 2 s: there is no excess at 2 s.
        AgeHistogram histogram = AgeHistogram.Create([Of(0, 2, anon: 100), Of(2, 4, file: 50), Of(4, null, excess: 50)]);
        Assert.Equal(new ByteBounds(0, 50), histogram.BytesOlderThan(S(4), PageKind.File));
        Assert.Equal(new ByteBounds(0, 0), histogram.BytesOlderThan(S(4), PageKind.Anon));
    }

    [Fact]
    public void An_unknown_kind_is_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => _exact.BytesOlderThan(S(2), (PageKind)3));
        Assert.Throws<ArgumentOutOfRangeException>(() => _exact.BytesOlderThan(S(2), (PageKind)(-1)));
    }

    [Fact]
    public void A_bin_without_width_loses_no_bytes()
    {
        AgeHistogram histogram = AgeHistogram.Create([Of(0, 0, anon: 7), Of(0, null, anon: 9)]);
        Assert.Equal(16, histogram.TotalBytes);
        Assert.Equal(new ByteBounds(16, 16), histogram.BytesOlderThan(TimeSpan.Zero, PageKind.Anon));
        Assert.Equal(new ByteBounds(0, 9), histogram.BytesOlderThan(S(1)));
    }

    [Fact]
    public void A_single_open_bin_holds_everything_and_says_nothing_of_age()
    {
        AgeHistogram histogram = AgeHistogram.Create([Of(0, null, anon: 5)]);
        Assert.Equal(5, histogram.TotalBytes);
        Assert.Equal(new ByteBounds(0, 5), histogram.BytesOlderThan(S(1)));
    }

    [Fact]
    public void Without_bins_there_are_no_bytes()
    {
        AgeHistogram histogram = AgeHistogram.Create([]);
        Assert.Empty(histogram);
        Assert.Equal(0, histogram.TotalBytes);
        Assert.Equal(default, histogram.BytesOlderThan(S(1)));
        Assert.Equal(default, histogram.BytesOlderThan(S(1), PageKind.File));
    }

    [Fact]
    public void Its_bins_come_back_as_they_were_given()
    {
        AgeBin[] bins = [Of(0, 2, 1, 2, 3), Of(2, null, 4, 5, 6, excess: 2)];
        AgeHistogram histogram = AgeHistogram.Create(bins);
        Assert.Equal(bins, histogram);
        Assert.Equal(bins[1], histogram[1]);
        Assert.Throws<ArgumentOutOfRangeException>(() => histogram[2]);
        Assert.Throws<ArgumentOutOfRangeException>(() => histogram[-1]);
    }

    [Fact]
    public void Histograms_are_equal_by_their_bins()
    {
        AgeHistogram same = AgeHistogram.Create(_exact);
        Assert.Equal(_exact, same);
        Assert.Equal(_exact.GetHashCode(), same.GetHashCode());
        Assert.NotEqual(_exact, _bounded);
        Assert.NotEqual(AgeHistogram.Create([Of(0, 1, 5), Of(1, null)]), AgeHistogram.Create([Of(0, 2, 5), Of(2, null)]));
        Assert.NotEqual(AgeHistogram.Create([Of(0, 1, 5), Of(1, null)]), AgeHistogram.Create([Of(0, 1, 6), Of(1, null)]));
    }

    public static TheoryData<string, AgeBin[]> Malformed { get; } = new()
    {
        { "does not begin at 0", [Of(1, null)] },
        { "begins below 0", [Of(-1, null)] },
        { "leaves a gap", [Of(0, 1), Of(2, null)] },
        { "overlaps", [Of(0, 2), Of(1, null)] },
        { "runs backwards", [Of(0, -1), Of(-1, null)] },
        { "has no open bin", [Of(0, 1), Of(1, 2)] },
        { "opens too early", [Of(0, null), Of(0, null)] },
        { "has negative anon", [Of(0, null, anon: -1)] },
        { "has negative file", [Of(0, null, file: -1)] },
        { "has negative shmem", [Of(0, null, shmem: -1)] },
        { "has negative excess", [Of(0, 1), Of(1, null, excess: -1)] },
        { "has excess with no younger bin", [Of(0, 1, excess: 1), Of(1, null)] },
    };

    [Theory]
    [MemberData(nameof(Malformed), DisableDiscoveryEnumeration = true)]
    public void Create_refuses_bins_that_do_not_follow_each_other_or_hold_less_than_nothing(string why, AgeBin[] bins)
    {
        Assert.NotEmpty(why);
        Assert.Throws<ArgumentException>(nameof(bins), () => AgeHistogram.Create(bins));
    }

    [Fact]
    public void Create_refuses_null() => Assert.Throws<ArgumentNullException>(() => AgeHistogram.Create(null!));
}
