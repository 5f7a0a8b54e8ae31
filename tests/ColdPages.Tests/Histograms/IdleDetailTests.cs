namespace ColdPages.Tests;

public sealed class IdleDetailTests
{
    private static readonly TimeSpan[] s_edges = [TimeSpan.Zero, TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(4)];
    private static readonly int[] s_nodes = [0, 3];

    // A bin a row: the states in their order, then the two nodes.
    private static readonly long[] s_values =
    [
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
        100, 200, 300, 400, 500, 600, 700, 800, 900, 1000,
    ];

    private static IdleDetail Detail => new(s_edges, s_nodes, s_values);

    [Fact]
    public void It_has_the_bins_of_the_ages_but_the_youngest()
    {
        IdleDetail detail = Detail;
        Assert.Equal(2, detail.Count);
        Assert.Equal([TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(4)], detail.Select(bin => bin.From));
        Assert.Equal([TimeSpan.FromSeconds(4), null], detail.Select(bin => bin.To));
        Assert.Throws<ArgumentOutOfRangeException>(() => detail[2]);
        Assert.Throws<ArgumentOutOfRangeException>(() => detail[-1]);
        Assert.Empty(new IdleDetail([TimeSpan.Zero], s_nodes, new long[10]));
    }

    [Theory]
    [InlineData(0, 1, 1)]
    [InlineData(1, 100, 100)]
    public void Each_number_is_in_its_place(int bin, long scale, long first)
    {
        IdleDetailBin told = Detail[bin];
        Assert.Equal(first, told.FileCleanBytes);
        Assert.Equal((2 * scale, 3 * scale, 4 * scale), (told.FileDirtyBytes, told.FileWritebackBytes, told.FileMappedBytes));
        Assert.Equal((5 * scale, 6 * scale, 7 * scale, 8 * scale), (told.UnevictableBytes, told.MlockedBytes, told.SharedBytes, told.UnknownBytes));
        Assert.Equal([new NodeBytes(0, 9 * scale), new NodeBytes(3, 10 * scale)], told.Nodes);
    }

    [Theory]
    [InlineData(0, 2, 101)]
    [InlineData(2, 2, 101)]
    [InlineData(3, 4, 100)]
    [InlineData(4, 4, 100)]
    [InlineData(5, 5, 0)]
    public void Bins_from_an_age_on_add_up(int age, int from, long clean)
    {
        IdleDetailBin told = Detail.OlderThan(TimeSpan.FromSeconds(age));
        Assert.Equal((TimeSpan.FromSeconds(from), (TimeSpan?)null, clean), (told.From, told.To, told.FileCleanBytes));
        Assert.Equal(10 * clean, told.Nodes[1].Bytes);
    }

    [Fact]
    public void Equal_are_those_with_the_same_bins_nodes_and_bytes()
    {
        Assert.Equal(Detail, Detail);
        Assert.Equal(Detail.GetHashCode(), Detail.GetHashCode());
        Assert.NotEqual(Detail, new IdleDetail(s_edges, [0, 2], s_values));
        Assert.NotEqual(Detail, new IdleDetail([TimeSpan.Zero, TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(5)], s_nodes, s_values));
        for (int place = 0; place < s_values.Length; place++)
        {
            long[] other = [.. s_values];
            other[place]++;
            Assert.NotEqual(Detail, new IdleDetail(s_edges, s_nodes, other));
            if (place >= 10)
                Assert.NotEqual(Detail[(place / 10) - 1], new IdleDetail(s_edges, s_nodes, other)[(place / 10) - 1]);
        }

        Assert.False(Detail.Equals(null));
        Assert.False(Detail[0].Equals(null));
        Assert.Equal(Detail[1].GetHashCode(), Detail[1].GetHashCode());
        Assert.NotEqual(Detail[0], Detail[1]);
    }

    [Fact]
    public void What_too_few_passes_found_idle_is_left_out()
    {
        long[] values = [.. s_values];
        Confirmation.ApplyToDetail(values, 10, 1);
        Assert.Equal(s_values, values);
        Confirmation.ApplyToDetail(values, 10, 2);
        Assert.Equal([.. new long[20], .. s_values[20..]], values);
        Confirmation.ApplyToDetail(values, 10, 254);
        Assert.Equal(new long[30], values);
    }
}
