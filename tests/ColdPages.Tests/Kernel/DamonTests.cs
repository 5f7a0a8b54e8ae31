namespace ColdPages.Tests;

public sealed class DamonTests
{
    [Theory]
    [InlineData("/sys/module/damon_stat/parameters/enabled", "Y\n", true)]
    [InlineData("/sys/module/damon_stat/parameters/enabled", "N\n", false)]
    [InlineData("/sys/module/damon_reclaim/parameters/enabled", "Y\n", true)]
    [InlineData("/sys/module/damon_lru_sort/parameters/enabled", "Y\n", true)]
    [InlineData("/sys/kernel/mm/damon/admin/kdamonds/0/state", "on\n", true)]
    [InlineData("/sys/kernel/mm/damon/admin/kdamonds/0/state", "off\n", false)]
    [InlineData("/sys/kernel/mm/damon/admin/kdamonds/17/state", "on", true)]
    [InlineData("/sys/kernel/mm/damon/admin/kdamonds/nr_kdamonds", "on\n", false)]
    public void It_runs_when_a_switch_says_so(string file, string content, bool runs)
    {
        FakeHost host = new();
        host.Write("/sys/kernel/mm/damon/admin/kdamonds/1/state", "off\n");
        host.Write(file, content);
        Assert.Equal(runs, Damon.IsRunning(host));
        Assert.Equal(0, host.OpenFiles);
    }

    [Fact]
    public void A_kernel_without_it_does_not_run_it() => Assert.False(Damon.IsRunning(new FakeHost()));

    [Fact]
    public void What_cannot_be_read_says_nothing()
    {
        FakeHost host = new() { OnRead = static (_, _, _) => IoResult.Failed(Errno.EACCES), OnList = static _ => Errno.EACCES };
        host.Write("/sys/module/damon_stat/parameters/enabled", "Y\n");
        Assert.False(Damon.IsRunning(host));
        Assert.Equal(0, host.OpenFiles);
    }
}
