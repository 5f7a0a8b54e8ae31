using System.Text;
using FsCheck.Xunit;

namespace ColdPages.Tests;

public sealed class ProcessStatTests
{
    private const string BehindState =
        " 1 1 1 0 -1 4194560 17 18 19 20 21 22 23 24 20 0 1 0 987654 1000 100 18446744073709551615 94922837 94930000 140727 0 0 0 0\n";

    private static readonly ProcessStat s_expected = new(987654, 94922837, 140727, IsZombie: false);

    [Theory]
    [InlineData("cat")]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("a) S 1 2 3 (b")]
    [InlineData(") Z 1 (")]
    [InlineData("))))")]
    [InlineData("two\nlines")]
    [InlineData("\u00ff\u001b[31m")]
    public void The_command_may_hold_anything(string command) =>
        Assert.Equal(s_expected, Parse($"42 ({command}) S{BehindState}"));

    [Theory]
    [InlineData('Z', true)]
    [InlineData('X', true)]
    [InlineData('S', false)]
    [InlineData('R', false)]
    [InlineData('t', false)]
    public void A_process_that_has_died_is_a_zombie(char state, bool expected)
    {
        ProcessStat? stat = Parse($"42 (cat) {state}{BehindState}");
        Assert.Equal(expected, stat?.IsZombie);
    }

    [Fact]
    public void Any_prefix_gives_the_identity_or_none_but_never_another_one()
    {
        string text = $"42 (a) b) S{BehindState}";
        for (int length = 0; length < text.Length; length++)
        {
            ProcessStat? stat = Parse(text[..length]);
            Assert.True(stat is null || stat == s_expected, $"cut at {length}: {stat}");
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("42 cat S 1 1 1")]
    [InlineData("42 (cat)")]
    public void A_text_without_the_fields_is_refused(string text) => Assert.Null(Parse(text));

    [Fact]
    public void A_start_time_that_is_no_number_is_refused() =>
        Assert.Null(Parse($"42 (cat) S{BehindState.Replace("987654", "-1", StringComparison.Ordinal)}"));

    [Property]
    public void No_bytes_make_it_throw(byte[] bytes)
    {
        bool parsed = ProcessStat.TryParse(bytes, out ProcessStat stat);
        Assert.True(parsed || stat == default);
    }

    private static ProcessStat? Parse(string text) =>
        ProcessStat.TryParse(Encoding.Latin1.GetBytes(text), out ProcessStat stat) ? stat : null;
}
