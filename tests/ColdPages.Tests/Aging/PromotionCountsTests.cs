namespace ColdPages.Tests;

public sealed class PromotionCountsTests
{
    [Fact]
    public void Counts_add_up_by_age_both_bounds_apart()
    {
        PromotionCounts one = new();
        PromotionCounts other = new();
        one.Add(0, 1, 2);
        one.Add(254, 3, 4);
        one.Add(254, 0, 5);
        other.Add(254, 10, 10);
        other.Add(7, 0, 6);
        one.Add(other);
        Assert.Equal([(0, 1L, 2L), (7, 0L, 6L), (254, 13L, 19L)], Counts(one));
        Assert.Equal([(7, 0L, 6L), (254, 10L, 10L)], Counts(other));
    }

    [Fact]
    public void Every_age_that_is_told_has_a_place()
    {
        PromotionCounts counts = new();
        Assert.Equal((255, 255), (counts.AtLeast.Length, counts.AtMost.Length));
    }

    private static IEnumerable<(int Age, long AtLeast, long AtMost)> Counts(PromotionCounts counts) =>
        [.. Enumerable.Range(0, 255).Select(age => (age, counts.AtLeast[age], counts.AtMost[age])).Where(count => count.Item3 != 0)];
}
