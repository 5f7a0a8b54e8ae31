using ColdPages.Simulation;

namespace ColdPages.Tests;

public sealed class IdleBitmapProbeTests
{
    private readonly FakeHost _host = new();

    public IdleBitmapProbeTests()
    {
        _host.AddMemcg("/");
        _host.AddMemcg("/a", 1 << 20);
        _host.AddProcess(1, "/a", new FakeMapping { Rss = 1 << 20 });
        foreach (string file in (string[])[IdleBitmap.Name, PageFlagsFile.Name, PageOwnersFile.Name])
            _host.Write(file, "");
    }

    [Fact]
    public void Auto_prefers_it()
    {
        HostDiagnosis diagnosis = HostDiagnosis.Probe(_host.Roots);
        Assert.Equal(ColdPageSource.IdleBitmap, diagnosis.Chosen);
        Assert.Equal("", diagnosis.ToString());
        Assert.Empty(diagnosis.Conflicts);
        Assert.True(diagnosis.Sources.Single(source => source.Source == ColdPageSource.Referenced).IsUsable);
        Assert.Equal(0, _host.OpenFiles);
    }

    [Fact]
    public void A_kernel_without_it_is_told_how_to_get_it()
    {
        _host.Delete(IdleBitmap.Name);
        AssertUnusable("The kernel has no /sys/kernel/mm/page_idle/bitmap.", "CONFIG_IDLE_PAGE_TRACKING");
        Assert.Null(HostDiagnosis.Probe(_host.Roots).Chosen);
    }

    [Theory]
    [InlineData("/sys/kernel/mm/page_idle/bitmap", (int)Errno.EACCES, "Run as root.")]
    [InlineData("/sys/kernel/mm/page_idle/bitmap", (int)Errno.EPERM, "Run as root.")]
    [InlineData("/proc/kpageflags", (int)Errno.EACCES, "Run as root.")]
    [InlineData("/proc/kpagecgroup", (int)Errno.EPERM, "Run as root.")]
    [InlineData("/proc/kpageflags", (int)Errno.ENOENT, "CONFIG_PROC_PAGE_MONITOR")]
    [InlineData("/proc/kpagecgroup", (int)Errno.ENOENT, "CONFIG_MEMCG")]
    public void A_file_that_cannot_be_opened_is_named_with_a_remedy(string file, int errno, string remedy)
    {
        _host.OnOpen = (path, _) => path == file ? (Errno)errno : Errno.None;
        AssertUnusable($"{file}: {((Errno)errno).Describe()}.", remedy);
        Assert.Equal(0, _host.OpenFiles);
    }

    [Fact]
    public void The_right_to_read_alone_is_not_enough()
    {
        _host.OnOpen = static (path, access) => path == IdleBitmap.Name && access != KernelFileAccess.ReadWrite ? Errno.None
            : path == IdleBitmap.Name ? Errno.EACCES : Errno.None;
        AssertUnusable(IdleBitmap.Name, "Run as root.");
    }

    [Fact]
    public void The_multi_generational_lru_is_a_conflict_that_is_watched()
    {
        _host.Write("/sys/kernel/mm/lru_gen/enabled", "0x0007\n");
        HostDiagnosis diagnosis = HostDiagnosis.Probe(_host.Roots, ColdPageSource.IdleBitmap);
        Assert.Equal(ColdPageSource.IdleBitmap, diagnosis.Chosen);
        Assert.Contains("multi-generational LRU is on", Assert.Single(diagnosis.Conflicts), StringComparison.Ordinal);
        _host.Write("/sys/kernel/mm/lru_gen/enabled", "0x0006\n");
        Assert.Empty(HostDiagnosis.Probe(_host.Roots, ColdPageSource.IdleBitmap).Conflicts);
    }

    [Fact]
    public void Damon_is_a_conflict_and_none_for_referenced()
    {
        _host.Write("/sys/module/damon_stat/parameters/enabled", "Y\n");
        Assert.Contains("DAMON is running", Assert.Single(HostDiagnosis.Probe(_host.Roots).Conflicts), StringComparison.Ordinal);
        Assert.Empty(HostDiagnosis.Probe(_host.Roots, ColdPageSource.Referenced).Conflicts);
        Assert.Empty(SourceProbe.Conflicts(_host, ColdPageSource.Simulated));
    }

    [Theory]
    [InlineData("1", "0-1", true)]
    [InlineData("2", "0,2", true)]
    [InlineData("1", "0", false)]
    [InlineData("0", "0-1", false)]
    public void Numa_balancing_is_a_conflict_where_there_are_nodes_to_balance(string balancing, string nodes, bool isOne)
    {
        _host.Write("/proc/sys/kernel/numa_balancing", balancing + "\n");
        _host.Write("/sys/devices/system/node/online", nodes + "\n");
        Assert.Equal(isOne, HostDiagnosis.Probe(_host.Roots).Conflicts.Any(conflict => conflict.StartsWith("NUMA balancing is on", StringComparison.Ordinal)));
        Assert.Empty(HostDiagnosis.Probe(_host.Roots, ColdPageSource.Referenced).Conflicts);
    }

    [Fact]
    public void Conflicts_are_refused_where_they_are_to_be()
    {
        _host.Write("/sys/module/damon_stat/parameters/enabled", "Y\n");
        using TempFolder lease = new();
        ColdPageTrackerOptions options = new() { Roots = _host.Roots, LeaseDirectory = lease.Path, OnConflict = ConflictAction.Refuse };
        Assert.False(ColdPageTracker.TryOpen(options, out _, out HostDiagnosis diagnosis));
        Assert.Contains("DAMON", diagnosis.ToString(), StringComparison.Ordinal);
        Assert.True(ColdPageTracker.TryOpen(options with { OnConflict = ConflictAction.Warn }, out ColdPageTracker? tracker, out _));
        tracker.Dispose();
    }

    [Fact]
    public void Processes_cannot_be_told_apart_and_nothing_is_opened()
    {
        using TempFolder lease = new();
        ColdPageTrackerOptions options = new() { Roots = _host.Roots, LeaseDirectory = lease.Path, Processes = [1] };
        Assert.False(ColdPageTracker.TryOpen(options, out ColdPageTracker? tracker, out HostDiagnosis diagnosis));
        Assert.Null(tracker);
        Assert.Contains("'idle-bitmap' does not tell processes apart", diagnosis.ToString(), StringComparison.Ordinal);
        Assert.Contains("'referenced'", diagnosis.ToString(), StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(lease.Path));
    }

    [Theory]
    [InlineData("auto")]
    [InlineData("idle-bitmap")]
    public async Task The_command_refuses_processes_with_3(string source)
    {
        CliRun run = await CliRun.OfAsync(_host, TestContext.Current.CancellationToken, ["report", "--source", source, "--interval", "10ms", "--pid", "1"]);
        Assert.Equal(3, run.ExitCode);
        Assert.Contains("does not tell processes apart", run.Error, StringComparison.Ordinal);
        Assert.Contains("referenced", run.Error, StringComparison.Ordinal);
        Assert.Equal("", run.Output);
    }

    [Theory]
    [InlineData(true, ColdPageSource.IdleBitmap)]
    [InlineData(false, ColdPageSource.Simulated)]
    public void A_simulated_host_is_measured_as_what_it_is_like(bool hasBitmap, ColdPageSource chosen)
    {
        SimulatedHost host = new(new SimulatedHostOptions { Frames = 640, HasIdlePageTracking = hasBitmap });
        HostDiagnosis diagnosis = HostDiagnosis.Probe(host.Roots);
        Assert.Contains(diagnosis.Sources, source => source.Source == ColdPageSource.Simulated);
        Assert.Equal(hasBitmap, diagnosis.Sources.Single(source => source.Source == ColdPageSource.IdleBitmap).IsUsable);
        Assert.Equal(chosen, diagnosis.Chosen);
        Assert.Null(HostDiagnosis.Probe(_host.Roots, ColdPageSource.Simulated).Chosen);
    }

    private void AssertUnusable(string why, string remedy)
    {
        HostDiagnosis diagnosis = HostDiagnosis.Probe(_host.Roots, ColdPageSource.IdleBitmap);
        Assert.Null(diagnosis.Chosen);
        SourceDiagnosis source = diagnosis.Sources.Single(source => source.Source == ColdPageSource.IdleBitmap);
        Assert.False(source.IsUsable);
        Assert.Contains(why, source.Why, StringComparison.Ordinal);
        Assert.Contains(remedy, source.Remedy, StringComparison.Ordinal);
        Assert.Contains(remedy, diagnosis.ToString(), StringComparison.Ordinal);
    }
}
