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
        Assert.Equal((5 * 4) + (2 * 16) + 512, new FolioStats(host).ReadSplit());
        Assert.Equal(0, host.OpenFiles);
    }

    [Fact]
    public void A_kernel_that_counts_only_some_sizes_gives_their_sum()
    {
        FakeHost host = new();
        host.Write($"{Folder}/hugepages-64kB/enabled", "never\n");
        host.Write($"{Folder}/hugepages-128kB/stats/split", "3\n");
        Assert.Equal(96, new FolioStats(host).ReadSplit());
    }

    [Fact]
    public void A_kernel_without_the_counts_gives_null()
    {
        FakeHost host = new();
        Assert.Null(new FolioStats(host).ReadSplit());
        host.Write($"{Folder}/enabled", "always\n");
        host.MakeFolder($"{Folder}/hugepages-2048kB");
        host.MakeFolder($"{Folder}/hugepages-kB");
        Assert.Null(new FolioStats(host).ReadSplit());
    }

    [Fact]
    public void A_count_that_is_there_and_cannot_be_read_is_not_taken_for_0()
    {
        FakeHost host = new();
        host.Write($"{Folder}/hugepages-64kB/stats/split", "2\n");
        host.Write($"{Folder}/hugepages-128kB/stats/split", "3\n");
        host.OnRead = static (path, _, count) => path.Contains("-128kB", StringComparison.Ordinal) ? IoResult.Failed(Errno.EIO) : IoResult.Done(count);
        Assert.Null(new FolioStats(host).ReadSplit());
        Assert.Equal(0, host.OpenFiles);
    }
}
