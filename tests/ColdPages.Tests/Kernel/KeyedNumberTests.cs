using System.Text;

namespace ColdPages.Tests;

public sealed class KeyedNumberTests
{
    [Theory]
    [InlineData("anon 4096", "anon", 4096)]
    [InlineData("pgscan_kswapd 0", "pgscan_kswapd", 0)]
    [InlineData("workingset_refault_anon 18014398509481983", "workingset_refault_anon", 18014398509481983)]
    [InlineData("THPeligible:           0", "THPeligible", 0)]
    [InlineData("nr_something -5", "nr_something", -5)]
    [InlineData("tabbed\t7", "tabbed", 7)]
    public void A_line_of_a_key_and_a_number_is_read(string line, string expectedKey, long expectedValue)
    {
        Assert.True(KeyedNumber.TryParse(Encoding.ASCII.GetBytes(line), out ReadOnlySpan<byte> key, out long value));
        Assert.Equal(expectedKey, Encoding.ASCII.GetString(key));
        Assert.Equal(expectedValue, value);
    }

    [Theory]
    [InlineData("Rss:                 316 kB", "Rss", 316 * 1024)]
    [InlineData("MemTotal:       16384 kB", "MemTotal", 16384 * 1024)]
    public void Kibibytes_become_bytes(string line, string expectedKey, long expectedValue)
    {
        Assert.True(KeyedNumber.TryParse(Encoding.ASCII.GetBytes(line), out ReadOnlySpan<byte> key, out long value));
        Assert.Equal(expectedKey, Encoding.ASCII.GetString(key));
        Assert.Equal(expectedValue, value);
    }

    [Fact]
    public void Another_unit_leaves_the_number_as_it_is()
    {
        Assert.True(KeyedNumber.TryParse("HugePages: 3 pages"u8, out _, out long value));
        Assert.Equal(3, value);
    }

    [Fact]
    public void Kibibytes_beyond_a_long_of_bytes_become_the_largest_one()
    {
        Assert.True(KeyedNumber.TryParse("VmallocTotal: 9223372036854775807 kB"u8, out _, out long value));
        Assert.Equal(long.MaxValue, value);
    }

    [Theory]
    [InlineData("")]
    [InlineData("   ")]
    [InlineData("anon")]
    [InlineData("anon ")]
    [InlineData("VmFlags: rd mr mw me sd")]
    [InlineData("anon 12x")]
    [InlineData("anon 18446744073709551615")]
    [InlineData(": 5")]
    [InlineData("some avg10=0.00 avg60=0.00")]
    public void A_line_that_is_something_else_is_refused_with_0(string line)
    {
        Assert.False(KeyedNumber.TryParse(Encoding.ASCII.GetBytes(line), out _, out long value));
        Assert.Equal(0, value);
    }

    [Theory]
    [InlineData("4096\n", 4096L)]
    [InlineData("4096", 4096L)]
    [InlineData("0\n", 0L)]
    [InlineData("max\n", long.MaxValue)]
    [InlineData("9223372036854771712\n", 9223372036854771712L)]
    public void A_single_number_is_read_with_or_without_its_newline(string text, long expected) =>
        Assert.Equal(expected, KeyedNumber.ParseSingle(Encoding.ASCII.GetBytes(text)));

    [Theory]
    [InlineData("maximum\n")]
    [InlineData("-1\n")]
    [InlineData("")]
    [InlineData("\n")]
    [InlineData("12x\n")]
    [InlineData("12\n13\n")]
    [InlineData("18446744073709551615\n")]
    public void A_single_number_that_is_none_is_null(string text) => Assert.Null(KeyedNumber.ParseSingle(Encoding.ASCII.GetBytes(text)));
}
