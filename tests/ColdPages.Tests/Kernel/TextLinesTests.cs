using System.Text;
using FsCheck.Xunit;

namespace ColdPages.Tests;

public sealed class TextLinesTests
{
    [Theory]
    [InlineData("", new string[0])]
    [InlineData("a", new[] { "a" })]
    [InlineData("a\n", new[] { "a" })]
    [InlineData("a\nb", new[] { "a", "b" })]
    [InlineData("\n\na\n\n", new[] { "", "", "a", "" })]
    public void Lines_come_without_their_newlines_and_the_unfinished_last_one_too(string text, string[] expected) =>
        Assert.Equal(expected, Lines(Encoding.Latin1.GetBytes(text)));

    [Property]
    public void Lines_joined_again_are_the_text(byte[] text)
    {
        // A small alphabet, so that newlines are common.
        byte[] few = [.. text.Select(value => (byte)"\n a"[value % 3])];
        string whole = Encoding.Latin1.GetString(few);
        Assert.Equal(whole.EndsWith('\n') ? whole[..^1] : whole, string.Join('\n', Lines(few)));
    }

    [Fact]
    public void Fields_are_taken_one_by_one_over_any_run_of_blanks_and_tabs()
    {
        ReadOnlySpan<byte> line = "  one\ttwo   three "u8;
        Assert.True(TextLines.TakeField(ref line).SequenceEqual("one"u8));
        Assert.True(TextLines.TakeField(ref line).SequenceEqual("two"u8));
        Assert.True(TextLines.TakeField(ref line).SequenceEqual("three"u8));
        Assert.True(TextLines.TakeField(ref line).IsEmpty);
        Assert.True(TextLines.TakeField(ref line).IsEmpty);
    }

    [Fact]
    public void What_follows_a_field_is_left_as_it_stands()
    {
        ReadOnlySpan<byte> line = "key  a b"u8;
        _ = TextLines.TakeField(ref line);
        Assert.True(line.SequenceEqual("  a b"u8));
    }

    private static List<string> Lines(ReadOnlySpan<byte> text)
    {
        List<string> lines = [];
        foreach (ReadOnlySpan<byte> line in new TextLines(text))
            lines.Add(Encoding.Latin1.GetString(line));
        return lines;
    }
}
