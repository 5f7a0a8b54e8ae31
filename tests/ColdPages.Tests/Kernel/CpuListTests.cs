namespace ColdPages.Tests;

public sealed class CpuListTests
{
    [Theory]
    [InlineData("0\n", 1)]
    [InlineData("0-1\n", 2)]
    [InlineData("0-3,8\n", 5)]
    [InlineData("0,2-3,64-127", 67)]
    [InlineData("0-255\n", 256)]
    [InlineData("", 1)]
    [InlineData("\n", 1)]
    [InlineData("what\n", 1)]
    [InlineData("3-1\n", 1)]
    [InlineData("0-", 1)]
    public void Ranges_and_single_ones_are_counted(string list, int cpus)
    {
        FakeHost host = new();
        host.Write("/sys/devices/system/cpu/online", list);
        Assert.Equal(cpus, CpuList.CountOnline(host));
    }

    [Fact]
    public void A_host_that_does_not_tell_has_one() => Assert.Equal(1, CpuList.CountOnline(new FakeHost()));
}
