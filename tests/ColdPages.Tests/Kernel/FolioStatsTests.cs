namespace ColdPages.Tests;

public sealed class FolioStatsTests
{
    private const string Folder = "/sys/kernel/mm/transparent_hugepage";

    [Fact]
    public void Folios_of_every_size_are_summed_in_pages()
    {
        FakeHost host = new();
        host.Write($"{Folder}/hugepages-16kB/stats/split", "5\n");
        host.Write($"{Folder}/hugepages-64kB/stats/split", "2\n");
        host.Write($"{Folder}/hugepages-2048kB/stats/split", "1\n");
        host.Write($"{Folder}/hugepages-2048kB/stats/split_deferred", "100\n");
        host.Write($"{Folder}/khugepaged/pages_collapsed", "1000\n");
        Assert.Equal((5 * 4) + (2 * 16) + 512, FolioStats.Read(host, new DirectoryListing())?.SplitPages);
        Assert.Equal(0, host.OpenFiles);
    }

    [Fact]
    public void Collapses_are_summed_in_folios_and_in_pages()
    {
        FakeHost host = new();
        host.Write($"{Folder}/hugepages-64kB/stats/collapse_alloc", "5\n");
        host.Write($"{Folder}/hugepages-2048kB/stats/collapse_alloc", "2\n");
        host.Write($"{Folder}/khugepaged/pages_collapsed", "7\n");
        Assert.Equal(new FolioStats(null, 7, (5 * 16) + (2 * 512), 7), FolioStats.Read(host, new DirectoryListing()));
    }

    [Fact]
    public void A_kernel_that_counts_only_some_sizes_gives_their_sum()
    {
        FakeHost host = new();
        host.Write($"{Folder}/hugepages-64kB/enabled", "never\n");
        host.Write($"{Folder}/hugepages-128kB/stats/split", "3\n");
        Assert.Equal(96, FolioStats.Read(host, new DirectoryListing())?.SplitPages);
    }

    [Fact]
    public void A_kernel_without_the_counts_gives_null()
    {
        FakeHost host = new();
        Assert.Null(FolioStats.Read(host, new DirectoryListing())?.SplitPages);
        host.Write($"{Folder}/enabled", "always\n");
        host.MakeFolder($"{Folder}/hugepages-2048kB");
        host.MakeFolder($"{Folder}/hugepages-kB");
        Assert.Null(FolioStats.Read(host, new DirectoryListing())?.SplitPages);
    }

    [Fact]
    public void A_count_that_is_there_and_cannot_be_read_is_not_taken_for_0()
    {
        FakeHost host = new();
        host.Write($"{Folder}/hugepages-64kB/stats/split", "2\n");
        host.Write($"{Folder}/hugepages-128kB/stats/split", "3\n");
        host.OnRead = static (path, _, count) => path.Contains("-128kB", StringComparison.Ordinal) ? IoResult.Failed(Errno.EIO) : IoResult.Done(count);
        Assert.Null(FolioStats.Read(host, new DirectoryListing()));
        Assert.Equal(0, host.OpenFiles);
    }

    [Theory]
    [InlineData("collapse_alloc")]
    [InlineData("pages_collapsed")]
    public void Nor_is_one_of_collapses(string file)
    {
        FakeHost host = new();
        host.Write($"{Folder}/hugepages-64kB/stats/split", "2\n");
        host.Write($"{Folder}/hugepages-64kB/stats/collapse_alloc", "5\n");
        host.Write($"{Folder}/khugepaged/pages_collapsed", "7\n");
        Assert.NotNull(FolioStats.Read(host, new DirectoryListing()));
        host.OnRead = (path, _, count) => path.EndsWith(file, StringComparison.Ordinal) ? IoResult.Failed(Errno.EIO) : IoResult.Done(count);
        Assert.Null(FolioStats.Read(host, new DirectoryListing()));
        Assert.Equal(0, host.OpenFiles);
    }
}
