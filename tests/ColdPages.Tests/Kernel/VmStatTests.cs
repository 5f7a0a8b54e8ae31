namespace ColdPages.Tests;

public sealed class VmStatTests
{
    [Theory]
    [InlineData(600, 9000)] // Reclaim for a memcg's limit counts by kind alone.
    [InlineData(9600, 0)] // Or the other way round: no page counts twice.
    public void The_larger_of_the_counts_by_kind_and_by_caller_is_taken_with_what_left_the_active_list(int direct, int file)
    {
        FakeHost host = new();
        host.Write(
            "/proc/vmstat",
            $"nr_free_pages 7000000\npgscan_kswapd 1\npgscan_direct {direct}\npgscan_khugepaged 300\npgscan_proactive 4000\npgscan_direct_throttle 50000\n"
            + $"pgscan_anon 6000\npgscan_file {file}\npgrefill 80000\npgdeactivate 200000\npgsteal_kswapd 900000\n");
        Assert.Equal(Math.Max(4301 + direct, 6000 + file) + 280000, VmStat.Read(host)?.PagesScanned);
    }

    [Fact]
    public void A_kernel_without_some_of_the_counters_gives_the_sum_of_the_others()
    {
        FakeHost host = new();
        host.Write("/proc/vmstat", "pgscan_kswapd 5\npgrefill 6\n");
        Assert.Equal(11, VmStat.Read(host)?.PagesScanned);
    }

    [Fact]
    public void Moves_splits_and_swap_are_told_apart_from_lines_that_look_like_them()
    {
        FakeHost host = new();
        host.Write(
            "/proc/vmstat",
            "pswpin 21\npswpout 1000\npgmigrate_success 5062\npgmigrate_fail 9\nthp_migration_success 3\nthp_split_page 4\nthp_split_page_failed 70\nthp_deferred_split_page 60\n");
        VmStat stat = Assert.NotNull(VmStat.Read(host));
        Assert.Equal((5062L, 4L, 21L, 0L), (stat.PagesMigrated, stat.HugePagesSplit, stat.PagesSwappedIn, stat.PagesScanned));
    }

    [Fact]
    public void Pages_from_zswap_and_those_of_zeros_are_read_from_swap_too()
    {
        FakeHost host = new();
        host.Write("/proc/vmstat", "pswpin 5\nzswpin 6\nswpin_zero 300\n");
        Assert.Equal(311, VmStat.Read(host)?.PagesSwappedIn);
    }

    [Fact]
    public void Pages_off_their_lists_are_those_of_both_kinds()
    {
        FakeHost host = new();
        host.Write("/proc/vmstat", "nr_isolated_anon 5\nnr_isolated_file 6\n");
        Assert.Equal(11, VmStat.Read(host)?.PagesIsolated);
    }

    [Fact]
    public void A_file_that_cannot_be_read_gives_null()
    {
        FakeHost host = new();
        host.Delete("/proc/vmstat");
        Assert.Null(VmStat.Read(host));
    }
}
