namespace ColdPages.Tests;

public sealed class ByteBoundsTests
{
    [Fact]
    public void Bounds_are_exact_when_they_are_the_same()
    {
        Assert.True(new ByteBounds(5, 5).IsExact);
        Assert.False(new ByteBounds(4, 5).IsExact);
        Assert.True(default(ByteBounds).IsExact);
    }

    [Fact]
    public void A_sum_adds_bound_by_bound()
    {
        ByteBounds left = new(1, 20);
        ByteBounds right = new(300, 4000);
        Assert.Equal(new ByteBounds(301, 4020), left + right);
        Assert.Equal(left + right, ByteBounds.Add(left, right));
    }

    [Fact]
    public void Text_shows_both_bounds_only_where_they_differ()
    {
        Assert.Equal("7 bytes", new ByteBounds(7, 7).ToString());
        Assert.Equal("0 to 7 bytes", new ByteBounds(0, 7).ToString());
    }
}
