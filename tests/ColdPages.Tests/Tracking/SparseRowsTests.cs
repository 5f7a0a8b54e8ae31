using FsCheck.Xunit;

namespace ColdPages.Tests;

public sealed class SparseRowsTests
{
    [Property(MaxTest = 300)]
    public void Sums_over_any_range_are_those_of_the_rows(int seed)
    {
        Random random = new(seed);
        int length = random.Next(1, 40);
        long[][] rows = [.. Enumerable.Range(0, random.Next(1, 20)).Select(_ => Row(random, length))];
        SparseRows sparse = Make(rows);
        long[] sums = [.. Enumerable.Repeat(-1L, length)];
        for (int first = 0; first < rows.Length; first++)
        {
            for (int end = first; end <= rows.Length; end++)
            {
                sparse.Sum(first, end, sums);
                Assert.Equal(Enumerable.Range(0, length).Select(place => rows[first..end].Sum(row => row[place])), sums);
            }
        }
    }

    [Fact]
    public void Rows_without_numbers_have_sums_of_0()
    {
        SparseRows rows = new();
        rows.Add([]);
        rows.Add([0, 0]);
        rows.Add(default);
        long[] sums = [7, 7];
        rows.Sum(0, 3, sums);
        Assert.Equal([0, 0], sums);
    }

    [Fact]
    public void The_last_place_of_the_longest_row_has_room()
    {
        long[] row = new long[SparseRows.MaxLength];
        row[^1] = 5;
        SparseRows rows = Make([row]);
        long[] sums = new long[SparseRows.MaxLength];
        rows.Sum(0, 1, sums);
        Assert.Equal(row, sums);
    }

    [Fact]
    public void Equal_means_the_same_numbers_at_the_same_places_of_the_same_rows()
    {
        SparseRows rows = Make([[1, 0], [0, 2]]);
        Assert.True(rows.ContentEquals(Make([[1, 0], [0, 2]])));
        Assert.False(rows.ContentEquals(Make([[1, 0], [2, 0]])));
        Assert.False(rows.ContentEquals(Make([[1, 2], [0, 0]])));
        Assert.False(rows.ContentEquals(Make([[1, 0], [0, 3]])));
        Assert.False(rows.ContentEquals(Make([[1, 0], [0, 2], [0, 0]])));
    }

    private static SparseRows Make(long[][] rows)
    {
        SparseRows sparse = new();
        foreach (long[] row in rows)
            sparse.Add(row);
        sparse.Trim();
        return sparse;
    }

    private static long[] Row(Random random, int length) => [.. Enumerable.Range(0, length).Select(_ => random.Next(3) == 0 ? random.NextInt64(-(1L << 40), 1L << 40) : 0)];
}
