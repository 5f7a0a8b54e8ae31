using FsCheck.Xunit;

namespace ColdPages.Tests;

public sealed class PassMarkTests
{
    [Fact]
    public void A_mark_tells_how_many_passes_ago_for_254_passes()
    {
        for (int pass = 0; pass < 1000; pass++)
        {
            Assert.NotEqual(PassMark.LongAgo, PassMark.Of(pass));
            for (int ago = 0; ago <= Math.Min(pass, PassClock.MaxPasses); ago++)
                Assert.Equal(ago, PassMark.AgeAt(pass, PassMark.Of(pass - ago)));
        }
    }

    [Property]
    public void An_age_is_never_beyond_the_oldest_bin(ushort pass, byte mark) =>
        Assert.InRange(PassMark.AgeAt(pass, mark), 0, PassClock.MaxPasses);

    [Theory]
    [InlineData(0, 0)]
    [InlineData(7, 7)]
    [InlineData(254, 254)]
    [InlineData(100_000, 254)]
    public void Long_ago_is_the_oldest_age_that_is_told(int pass, int age) => Assert.Equal(age, PassMark.AgeAt(pass, PassMark.LongAgo));
}
