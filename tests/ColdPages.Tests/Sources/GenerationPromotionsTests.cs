namespace ColdPages.Tests;

public sealed class GenerationPromotionsTests
{
    private readonly GenerationPromotions _promotions = new();

    [Fact]
    public void Of_one_age_all_is_exact()
    {
        _promotions.Add([0, 200, 200, 200], [0, 200, 200, 200], 50, 50);
        Assert.Equal([(3, 50, 50)], Bins());
    }

    [Fact]
    public void Of_two_ages_either_may_have_been_touched()
    {
        _promotions.Add([0, 200, 100, 100], [0, 200, 100, 100], 100, 100);
        Assert.Equal([(1, 100, 100), (3, 0, 100)], Bins());
    }

    [Fact]
    public void More_than_the_younger_ones_are_must_be_among_the_older()
    {
        _promotions.Add([0, 200, 100, 100], [0, 200, 100, 100], 130, 150);
        Assert.Equal([(1, 100, 100), (3, 30, 100)], Bins());
    }

    [Fact]
    public void What_is_older_by_bounds_only_is_possible_at_the_longest_time()
    {
        _promotions.Add([0, 200, 200, 80, 0], [0, 200, 200, 200, 60], 100, 110);
        Assert.Equal([(2, 100, 100), (3, 0, 50), (4, 0, 60)], Bins());
    }

    [Fact]
    public void Where_the_record_began_anew_nothing_is_certain()
    {
        _promotions.Add([0, 200, 100], [0, 200, 150], 0, long.MaxValue);
        Assert.Equal([(1, 0, 50), (2, 0, 150)], Bins());
    }

    private List<(int Age, long AtLeast, long AtMost)> Bins() =>
        [.. Enumerable.Range(0, 10).Select(age => (age, _promotions.Counts.AtLeast[age], _promotions.Counts.AtMost[age])).Where(bin => bin.Item3 != 0)];
}
