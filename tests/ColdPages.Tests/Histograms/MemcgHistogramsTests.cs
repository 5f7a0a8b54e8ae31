namespace ColdPages.Tests;

public sealed class MemcgHistogramsTests
{
    [Fact]
    public void A_row_has_numbers_of_its_own()
    {
        MemcgHistograms histograms = new();
        histograms.Reset(rows: 3, bins: 2);
        for (int row = 0; row < 3; row++)
            histograms.Row(row).Fill(row + 1);
        for (int row = 0; row < 3; row++)
            Assert.Equal(Enumerable.Repeat((long)(row + 1), 2 * BinLayout.Stride), histograms.Row(row).ToArray());
    }

    [Theory]
    [InlineData(3, 2)]
    [InlineData(1, 1)]
    [InlineData(2, 3)]
    [InlineData(100, 50)]
    public void Starting_anew_leaves_nothing_of_before(int rows, int bins)
    {
        MemcgHistograms histograms = new();
        histograms.Reset(3, 2);
        for (int row = 0; row < 3; row++)
            histograms.Row(row).Fill(7);
        histograms.Reset(rows, bins);
        Assert.Equal(bins, histograms.Bins);
        for (int row = 0; row < rows; row++)
            Assert.Equal(new long[bins * BinLayout.Stride], histograms.Row(row).ToArray());
    }

    [Fact]
    public void A_row_that_was_not_asked_for_is_refused()
    {
        MemcgHistograms histograms = new();
        histograms.Reset(30, 2);
        histograms.Reset(3, 2);
        Assert.Throws<ArgumentOutOfRangeException>(() => histograms.Row(3).Length);
    }
}
