namespace ColdPages.Tests;

public sealed class ConfirmationTests
{
    // Anonymous, page cache, shared, excess; a bin a row.
    private static readonly long[] s_values = [10, 20, 30, 0, 1, 2, 3, 5, 4, 0, 0, 7, 100, 0, 50, 9];

    [Fact]
    public void What_fewer_passes_found_idle_is_touched_and_perhaps_idle()
    {
        long[] values = [.. s_values];
        Confirmation.Apply(values, 3);
        Assert.Equal([15, 22, 33, 0, 0, 0, 0, 5 + 6 + 4, 0, 0, 0, 7 + 4, 100, 0, 50, 9], values);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(254)]
    public void What_is_at_most_as_old_and_what_there_is_stay_as_they_are(int scans)
    {
        long[] values = [.. s_values];
        Confirmation.Apply(values, scans);
        TimeSpan[] edges = [.. Enumerable.Range(0, 4).Select(second => TimeSpan.FromSeconds(second))];
        AgeHistogram before = new(edges, s_values);
        AgeHistogram after = new(edges, values);
        Assert.Equal(before.TotalBytes, after.TotalBytes);
        for (int age = 1; age < 4; age++)
        {
            ByteBounds told = after.BytesOlderThan(edges[age]);
            Assert.Equal(before.BytesOlderThan(edges[age]).AtMost, told.AtMost);
            Assert.Equal(before.BytesOlderThan(edges[Math.Min(3, Math.Max(age, scans))]).AtLeast * (scans > 3 ? 0 : 1), told.AtLeast);
        }
    }

    [Fact]
    public void Promotions_of_what_fewer_found_idle_are_perhaps_none()
    {
        long[] promotions = [0, 0, 5, 9, 4, 8, 3, 7];
        Confirmation.ApplyToPromotions(promotions, 3);
        Assert.Equal([0, 0, 0, 9, 0, 8, 3, 7], promotions);
    }
}
