namespace ColdPages.Tests;

public sealed class ColdPageSourceNamesTests
{
    [Theory]
    [InlineData(ColdPageSource.Auto, "auto")]
    [InlineData(ColdPageSource.IdleBitmap, "idle-bitmap")]
    [InlineData(ColdPageSource.MultiGenLru, "mglru")]
    [InlineData(ColdPageSource.Referenced, "referenced")]
    public void A_source_is_found_by_the_name_it_shows(ColdPageSource source, string name)
    {
        Assert.Equal(name, source.ToName());
        Assert.True(ColdPageSourceNames.TryParse(name, out ColdPageSource parsed));
        Assert.Equal(source, parsed);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("Auto")]
    [InlineData("0")]
    [InlineData("idle_bitmap")]
    public void Another_name_is_none(string? name) => Assert.False(ColdPageSourceNames.TryParse(name, out _));

    [Fact]
    public void A_value_that_is_no_source_is_refused() => Assert.Throws<ArgumentOutOfRangeException>(() => ((ColdPageSource)99).ToName());
}
