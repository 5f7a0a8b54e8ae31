using FsCheck.Xunit;

namespace ColdPages.Tests;

public sealed class PromotionHistogramTests
{
    private static readonly TimeSpan[] s_edges = [TimeSpan.Zero, TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(9)];

    [Fact]
    public void Only_ranges_that_have_any_are_there_shortest_first_and_the_last_is_open()
    {
        PromotionHistogram promotions = new(s_edges, [0, 0, 1, 3, 0, 0, 0, 4]);
        Assert.Equal(
            [
                new PromotionBin(TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(5), new ByteBounds(1, 3)),
                new PromotionBin(TimeSpan.FromSeconds(9), null, new ByteBounds(0, 4)),
            ],
            promotions);
        Assert.Equal((2, new ByteBounds(1, 7)), (promotions.Count, promotions.Total));
        Assert.Equal(new ByteBounds(0, 4), promotions[1].Bytes);
    }

    [Theory]
    [InlineData(0, 7, 17)]
    [InlineData(2, 6, 15)]
    [InlineData(3, 4, 15)] // Within a range: what is in it is possible only.
    [InlineData(5, 4, 12)]
    [InlineData(9, 3, 8)]
    [InlineData(10, 0, 8)]
    [InlineData(3600, 0, 8)]
    public void An_age_asked_for_counts_what_is_certain_and_what_is_possible(int seconds, long atLeast, long atMost) =>
        Assert.Equal(
            new ByteBounds(atLeast, atMost),
            new PromotionHistogram(s_edges, [1, 2, 2, 3, 1, 4, 3, 8]).BytesIdleFor(TimeSpan.FromSeconds(seconds)));

    [Fact]
    public void None_are_none()
    {
        PromotionHistogram promotions = new(s_edges, new long[8]);
        Assert.Empty(promotions);
        Assert.Equal(default, promotions.Total);
        Assert.Equal(default, promotions.BytesIdleFor(TimeSpan.FromSeconds(1)));
    }

    [Property]
    public void Older_ages_never_have_more(uint[] numbers, ushort a, ushort b)
    {
        long[] values = new long[8];
        for (int i = 0; i < 4; i++)
        {
            values[i * 2] = i * 2 < numbers.Length ? numbers[i * 2] : 0;
            values[(i * 2) + 1] = values[i * 2] + ((i * 2) + 1 < numbers.Length ? numbers[(i * 2) + 1] : 0);
        }

        PromotionHistogram promotions = new(s_edges, values);
        ByteBounds younger = promotions.BytesIdleFor(TimeSpan.FromMilliseconds(Math.Min(a, b)));
        ByteBounds older = promotions.BytesIdleFor(TimeSpan.FromMilliseconds(Math.Max(a, b)));
        Assert.True(older.AtLeast <= younger.AtLeast && older.AtMost <= younger.AtMost && older.AtLeast <= older.AtMost);
    }
}
