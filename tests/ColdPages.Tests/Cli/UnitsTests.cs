using System.Globalization;
using ColdPages.Cli;

namespace ColdPages.Tests;

public sealed class UnitsTests
{
    [Theory]
    [InlineData("00:00:00", "0s")]
    [InlineData("00:00:00.0000005", "0.0000005s")]
    [InlineData("00:00:00.0129999", "0.012s")]
    [InlineData("00:00:00.25", "0.25s")]
    [InlineData("00:00:04.0030", "4s")]
    [InlineData("00:00:04.1999", "4.1s")]
    [InlineData("00:01:59.99", "119.9s")]
    [InlineData("00:02:00", "2m")]
    [InlineData("00:10:00.9", "10m")]
    [InlineData("00:08:29.4", "8m29s")]
    [InlineData("01:30:00", "1h30m")]
    [InlineData("02:00:00", "2h")]
    [InlineData("365.00:00:03", "8760h3s")]
    public void Times_read_as_people_write_them_and_never_longer_than_they_are(string time, string text) =>
        Assert.Equal(text, Units.Time(TimeSpan.Parse(time, CultureInfo.InvariantCulture)));

    [Theory]
    [InlineData("500ms", 0.5)]
    [InlineData("2s", 2)]
    [InlineData("1.5m", 90)]
    [InlineData("1h", 3600)]
    [InlineData("8760h", 365.0 * 24 * 3600)]
    public void A_time_is_a_number_and_a_unit(string text, double seconds)
    {
        Assert.True(Units.TryParseDuration(text, out TimeSpan time, out string? wrong));
        Assert.Equal((TimeSpan.FromSeconds(seconds), null), (time, wrong));
    }

    [Theory]
    [InlineData("5", "is not a time: give a number and ms, s, m or h, as in 500ms or 2m")]
    [InlineData("", "is not a time")]
    [InlineData("s", "is not a time")]
    [InlineData("-2s", "is not a time")]
    [InlineData("1e9h", "is not a time")]
    [InlineData("8761h", "is too long: the most is 8760h")]
    [InlineData("99999999999999999999999ms", "is too long: the most is 8760h")]
    [InlineData("0s", "above zero")]
    [InlineData("0.00000001ms", "above zero")]
    public void What_is_no_time_is_told_why(string text, string why)
    {
        Assert.False(Units.TryParseDuration(text, out _, out string? wrong));
        Assert.Contains(why, wrong, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(116 << 20, 116 << 20, "116.0 MiB")]
    [InlineData(116 << 20, (116 << 20) + 9, "116.0 MiB")]
    [InlineData(116 << 20, 172 << 20, "116.0 to 172.0 MiB")]
    [InlineData(512 << 20, 1 << 30, "512.0 MiB to 1.00 GiB")]
    public void Bounds_are_shown_where_they_differ_visibly(long atLeast, long atMost, string text) =>
        Assert.Equal(text, Units.Size(new ByteBounds(atLeast, atMost)));
}
