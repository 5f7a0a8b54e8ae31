namespace ColdPages.Tests;

public sealed class MemInfoTests
{
    [Fact]
    public void Its_lines_are_read_in_bytes_and_huge_mappings_added_up()
    {
        MemInfo info = MemInfo.Parse(
            "MemTotal:       16384 kB\nMemFree:  1 kB\nMemAvailable:    8192 kB\nSwapTotal:  2048 kB\nSwapFree: 1024 kB\nAnonHugePages: 100 kB\nShmemHugePages: 7 kB\nShmemPmdMapped: 20 kB\nFilePmdMapped: 3 kB\nHugePages_Total:       0\n"u8);
        Assert.Equal(new MemInfo(16384 * 1024, 8192 * 1024, 2048 * 1024, 1024 * 1024, 123 * 1024), info);
    }

    [Fact]
    public void A_line_that_is_missing_is_0() => Assert.Equal(new MemInfo(4096, 0, 0, 0, 0), MemInfo.Parse("MemTotal: 4 kB\n"u8));

    [Fact]
    public void A_host_without_the_file_has_zeroes()
    {
        FakeHost host = new();
        host.Delete("/proc/meminfo");
        Assert.Equal(default, MemInfo.Read(host));
    }
}
