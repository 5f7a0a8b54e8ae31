using System.Text;
using FsCheck.Xunit;

namespace ColdPages.Tests;

public sealed class KernelNameTests
{
    [Theory]
    [InlineData("")]
    [InlineData("/kubepods/pod-1")]
    [InlineData("/caf\u00e9/\u65e5\u672c/\U0001f600")]
    [InlineData("/a\u001b[31m")]
    public void Text_in_UTF_8_stands_as_it_is(string text) => Assert.Equal(text, KernelName.ToText(Encoding.UTF8.GetBytes(text)));

    [Theory]
    [InlineData(new byte[] { 0xff }, @"\xff")]
    [InlineData(new byte[] { 0x2f, 0x80, 0x61 }, @"/\x80a")]
    [InlineData(new byte[] { 0x61, 0xc3 }, @"a\xc3")]
    [InlineData(new byte[] { 0xe2, 0x82, 0x2f }, @"\xe2\x82/")]
    [InlineData(new byte[] { 0xed, 0xa0, 0x80 }, @"\xed\xa0\x80")]
    [InlineData(new byte[] { 0xc3, 0xa9, 0xfe }, "\u00e9\\xfe")]
    public void A_byte_that_is_not_UTF_8_is_told_by_its_number_and_the_rest_stays(byte[] name, string expected) =>
        Assert.Equal(expected, KernelName.ToText(name));

    [Property]
    public void Names_without_backslashes_that_differ_have_texts_that_differ(byte[] left, byte[] right)
    {
        byte[] a = [.. left.Where(value => value != '\\')];
        byte[] b = [.. right.Where(value => value != '\\')];
        Assert.Equal(a.AsSpan().SequenceEqual(b), KernelName.ToText(a) == KernelName.ToText(b));
        Assert.DoesNotContain('\ufffd', KernelName.ToText([.. a, 0xff]));
    }
}
