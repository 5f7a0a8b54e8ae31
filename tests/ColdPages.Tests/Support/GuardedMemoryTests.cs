using System.Globalization;

namespace ColdPages.Tests;

/// <summary>What the tests of vector code rely on: that leaving a span does not go unseen.</summary>
public sealed class GuardedMemoryTests
{
    [Fact]
    public void The_pages_on_both_sides_cannot_be_touched()
    {
        using GuardedMemory memory = new();
        nint page = Environment.SystemPageSize;
        Assert.Equal("---p", Access(memory.Address - 1));
        Assert.Equal("rw-p", Access(memory.Address));
        Assert.Equal("rw-p", Access(memory.Address + page - 1));
        Assert.Equal("---p", Access(memory.Address + page));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(70)]
    public void Words_are_put_at_both_ends_of_the_page(int length)
    {
        int[] places = [.. GuardedMemory.Places(length)];
        Assert.Equal(32, places.Length);
        Assert.Equal(0, places.Min());
        Assert.Equal(Environment.SystemPageSize / 8, places.Max() + length);
    }

    [Fact]
    public void A_write_beside_the_words_is_seen()
    {
        using GuardedMemory memory = new();
        foreach (int at in GuardedMemory.Places(3))
        {
            memory.Put([1, 2, 3], at);
            Assert.True(memory.IsUntouchedAround(at, 3));
            if (at > 0)
                Assert.False(memory.IsUntouchedAround(at + 1, 2));
            Assert.False(memory.IsUntouchedAround(at, 2));
        }
    }

    // Of the mapping that holds the address, as /proc/self/maps has it: 7f0a3c000000-7f0a3c021000 rw-p ...
    private static string? Access(nint address)
    {
        foreach (string line in File.ReadLines("/proc/self/maps"))
        {
            string[] parts = line.Split('-', ' ');
            if (address >= Hex(parts[0]) && address < Hex(parts[1]))
                return line.Split(' ')[1];
        }

        return null;

        static long Hex(string text) => (long)ulong.Parse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
    }
}
