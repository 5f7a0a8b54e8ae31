namespace ColdPages.Tests;

public sealed class VmStatTests
{
    [Fact]
    public void The_counters_of_each_way_to_scan_are_added_and_no_page_counts_twice()
    {
        FakeHost host = new();
        host.Write(
            "/proc/vmstat",
            "nr_free_pages 7000000\npgscan_kswapd 1\npgscan_direct 20\npgscan_khugepaged 300\npgscan_proactive 4000\npgscan_direct_throttle 50000\n"
            + "pgscan_anon 600000\npgscan_file 600000\npgrefill 80000\npgsteal_kswapd 900000\n");
        Assert.Equal(84321, VmStat.ReadPagesScanned(host));
    }

    [Fact]
    public void A_kernel_without_some_of_the_counters_gives_the_sum_of_the_others()
    {
        FakeHost host = new();
        host.Write("/proc/vmstat", "pgscan_kswapd 5\npgrefill 6\n");
        Assert.Equal(11, VmStat.ReadPagesScanned(host));
    }

    [Fact]
    public void A_file_that_cannot_be_read_gives_null()
    {
        FakeHost host = new();
        host.Delete("/proc/vmstat");
        Assert.Null(VmStat.ReadPagesScanned(host));
    }
}
