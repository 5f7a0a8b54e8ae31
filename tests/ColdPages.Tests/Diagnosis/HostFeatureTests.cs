namespace ColdPages.Tests;

/// <summary>What files of the host tell, and what they are asked to do.</summary>
public sealed class HostFeatureTests
{
    private const string LruGenSwitch = "/sys/kernel/mm/lru_gen/enabled";
    private const string MemcgReclaim = "/sys/fs/cgroup/a/memory.reclaim";

    private readonly TrialHost _host = new();

    [Theory]
    [InlineData("0x0000", false, false, false)]
    [InlineData("0x0001", true, false, false)]
    [InlineData("0x0003", true, true, false)]
    [InlineData("0x0007", true, true, true)]
    public void What_of_the_multi_generational_lru_is_on_is_told_bit_by_bit(string enabled, bool core, bool walk, bool nonLeaf)
    {
        _host.Files.Write(LruGenSwitch, enabled + "\n");
        foreach ((string name, bool isOn, string value) in ((string, bool, string)[])[(FeatureNames.LruGen, core, "y"), (FeatureNames.LruGenWalk, walk, "7"), (FeatureNames.LruGenNonLeaf, nonLeaf, "7")])
        {
            FeatureDiagnosis feature = Feature(name);
            Assert.Equal(isOn, feature.IsAvailable);
            if (!isOn)
                Assert.StartsWith($"echo {value} > {LruGenSwitch}", feature.Remedy, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_kernel_without_the_multi_generational_lru_is_told_how_to_get_it()
    {
        _host.Files.Delete("/sys/kernel/mm/lru_gen");
        _host.Files.Delete(LruGen.Name);
        foreach (string name in (string[])[FeatureNames.LruGen, FeatureNames.LruGenWalk, FeatureNames.LruGenNonLeaf, FeatureNames.LruGenMinTtl, FeatureNames.LruGenDebugFs])
            AssertMissing(name, "There is no /sys/kernel/", "Use a kernel with CONFIG_LRU_GEN=y.");
    }

    [Fact]
    public void Debugfs_is_not_mounted_or_not_in_the_kernel()
    {
        _host.Files.Delete(LruGen.Name);
        AssertMissing(FeatureNames.LruGenDebugFs, "There is no /sys/kernel/debug/lru_gen.", "mount -t debugfs debugfs /sys/kernel/debug");
        _host.Files.Delete("/sys/kernel/debug");
        AssertMissing(FeatureNames.LruGenDebugFs, "There is no /sys/kernel/debug/lru_gen.", "Use a kernel with CONFIG_DEBUG_FS=y.");
    }

    [Theory]
    [InlineData("none [integrity] confidentiality", "the kernel is locked down", "Secure Boot")]
    [InlineData("none integrity [confidentiality]", "the kernel is locked down", "Secure Boot")]
    [InlineData("[none] integrity confidentiality", "operation not permitted (EPERM)", "Run as root.")]
    public void A_kernel_that_is_locked_down_refuses_root_too(string lockdown, string why, string remedy)
    {
        _host.Files.Write("/sys/kernel/security/lockdown", lockdown + "\n");
        _host.Files.OnOpen = static (path, access) => path == LruGen.Name && access != KernelFileAccess.Read ? Errno.EPERM : Errno.None;
        AssertMissing(FeatureNames.LruGenDebugFs, why, remedy);
    }

    [Fact]
    public void Generations_that_read_as_something_else_are_told()
    {
        _host.Files.Write(LruGen.Name, "");
        AssertMissing(FeatureNames.LruGenDebugFs, "/sys/kernel/debug/lru_gen does not begin with a memory cgroup.", null);
    }

    [Fact]
    public void The_time_that_generations_are_kept_is_told()
    {
        _host.Files.Write("/sys/kernel/mm/lru_gen/min_ttl_ms", "1000\n");
        Assert.Equal("1000", Feature(FeatureNames.LruGenMinTtl).Detail);
    }

    [Fact]
    public void Swap_is_free_or_full_or_not_there()
    {
        Assert.Equal("1 of 2 MiB free, on zram", Feature(FeatureNames.Swap).Detail);
        _host.Files.Delete("/proc/swaps");
        Assert.Equal("1 of 2 MiB free", Feature(FeatureNames.Swap).Detail);
        _host.Files.Write("/proc/meminfo", "MemTotal: 100 kB\nSwapTotal: 2048 kB\nSwapFree: 0 kB\n");
        AssertMissing(FeatureNames.Swap, "All of it is in use", "swapon");
        _host.Files.Write("/proc/meminfo", "MemTotal: 100 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n");
        AssertMissing(FeatureNames.Swap, "There is none", "swapon");
        _host.Files.Delete("/proc/meminfo");
        AssertMissing(FeatureNames.Swap, "There is no /proc/meminfo.", "procfs");
    }

    [Fact]
    public void Pressure_is_switched_off_by_a_boot_option()
    {
        _host.Files.OnRead = static (path, _, count) => path == "/proc/pressure/memory" ? IoResult.Failed(Errno.ENOTSUP) : IoResult.Done(count);
        AssertMissing(FeatureNames.Pressure, "It is switched off.", "Boot with psi=1.");
        _host.Files.OnRead = null;
        _host.Files.Write("/proc/pressure/memory", "nothing of the kind\n");
        AssertMissing(FeatureNames.Pressure, "says something else", null);
        _host.Files.Delete("/proc/pressure/memory");
        AssertMissing(FeatureNames.Pressure, "There is no /proc/pressure/memory.", "psi=1");
    }

    [Fact]
    public void The_memory_controller_of_cgroup_v1_is_none_that_reclaims()
    {
        _host.Files.Write("/proc/self/mountinfo", "30 23 0:26 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n");
        AssertMissing(FeatureNames.CgroupV2, "cgroup v1 hierarchy, /sys/fs/cgroup/memory.", "cgroup_no_v1=memory");
        AssertMissingReclaim("cgroup v1 has no memory.reclaim.", "cgroup_no_v1=memory");
        _host.Files.Write("/proc/self/mountinfo", "31 23 0:40 / /dev/shm rw - tmpfs tmpfs rw\n");
        AssertMissing(FeatureNames.CgroupV2, "No cgroup hierarchy is mounted.", "mount -t cgroup2");
        AssertMissingReclaim("No cgroup hierarchy is mounted.", "mount -t cgroup2");
    }

    [Theory]
    [InlineData(0, "Linux 5.19")]
    [InlineData(1, "Linux 6.11")]
    [InlineData(2, "Linux 6.16")]
    public void What_memory_reclaim_takes_is_told_request_by_request(int known, string remedy)
    {
        string[] features = [FeatureNames.Reclaim, FeatureNames.ReclaimSwappiness, FeatureNames.ReclaimSwappinessMax];
        _host.ReclaimKeys = [.. ((string[])["", " swappiness=60", " swappiness=max"]).Take(known)];
        Assert.All(features.Take(known), name => Assert.True(Feature(name).IsAvailable));
        AssertMissing(features[known], $"{MemcgReclaim} refuses '0", remedy);
    }

    [Fact]
    public void A_file_that_takes_anything_does_nothing()
    {
        _host.ReclaimKeys = null;
        AssertMissingReclaim("takes anything and does nothing", "CONFIG_NUMA=y");
    }

    [Theory]
    [InlineData("0::/a/b\n", "/a/memory.reclaim")]
    [InlineData("0::/a\n", "/a/memory.reclaim")]
    [InlineData("0::/\n", "/memory.reclaim")]
    [InlineData("0::/elsewhere/x\n", "/memory.reclaim")]
    [InlineData("0::/../outside\n", "/memory.reclaim")]
    [InlineData("", "/memory.reclaim")]
    public void The_nearest_memcg_that_can_reclaim_is_asked(string own, string asked)
    {
        _host.Files.Write("/proc/self/cgroup", own);
        _host.Files.Write("/sys/fs/cgroup/memory.reclaim", "");
        Assert.True(Feature(FeatureNames.Reclaim).IsAvailable);
        Assert.All(_host.Commands.Where(command => command.Path.EndsWith("memory.reclaim", StringComparison.Ordinal)), command => Assert.Equal($"/sys/fs/cgroup{asked}", command.Path));
    }

    [Fact]
    public void A_memcg_that_cannot_be_asked_says_why()
    {
        foreach ((Errno error, string remedy) in ((Errno, string)[])[(Errno.EACCES, "delegated"), (Errno.EROFS, "writable")])
        {
            _host.Files.OnOpen = (path, _) => path == MemcgReclaim ? error : Errno.None;
            AssertMissingReclaim($"{MemcgReclaim}: {error.Describe()}.", remedy);
        }

        _host.Files.OnOpen = null;
        _host.Files.Delete(MemcgReclaim);
        AssertMissingReclaim("There is no /sys/fs/cgroup/memory.reclaim.", "Linux 5.19");
    }

    [Fact]
    public void A_node_reclaims_where_its_file_is()
    {
        _host.Files.Write("/sys/devices/system/node/online", "0\n");
        Assert.True(Feature(FeatureNames.NodeReclaim).IsAvailable);
        _host.Files.Delete("/sys/devices/system/node/node0/reclaim");
        AssertMissing(FeatureNames.NodeReclaim, "There is no /sys/devices/system/node/node0/reclaim.", "Linux 6.17");
        _host.Files.Delete("/sys/devices/system/node/node0");
        AssertMissing(FeatureNames.NodeReclaim, "There is no node in /sys/devices/system/node.", "CONFIG_NUMA=y");
        _host.Files.Delete("/sys/devices/system/node");
        AssertMissing(FeatureNames.NodeReclaim, "There is no /sys/devices/system/node.", "CONFIG_NUMA=y");
    }

    [Theory]
    [InlineData((int)Errno.ENOSYS, "ENOSYS", "Linux 5.10")]
    [InlineData((int)Errno.EINVAL, "EINVAL", "Linux 5.10")]
    [InlineData((int)Errno.EPERM, "EPERM", "CAP_SYS_NICE")]
    [InlineData((int)Errno.EMFILE, "EMFILE", null)]
    public void Process_madvise_is_refused_for_a_reason(int error, string why, string? remedy)
    {
        _host.ProcessMAdviseError = (Errno)error;
        AssertMissing(FeatureNames.ProcessMAdvise, why, remedy);
    }

    [Theory]
    [InlineData("CapEff:\t0000000000000000\n")]
    [InlineData("CapEff:\t0000000000080000\n")]
    [InlineData("CapEff:\t0000000000800000\n")]
    [InlineData("")]
    public void Process_madvise_of_oneself_is_not_yet_that_of_others(string status)
    {
        _host.Files.Write("/proc/self/status", status);
        AssertMissing(FeatureNames.ProcessMAdvise, "The rights to use it on other processes are missing.", "CAP_SYS_PTRACE");
        _host.Files.Write("/proc/self/status", "CapEff:\t0000000000880000\n");
        Assert.True(Feature(FeatureNames.ProcessMAdvise).IsAvailable);
    }

    [Theory]
    [InlineData("/proc", "mount -t proc proc /proc", FeatureNames.Swap)]
    [InlineData("/sys", "mount -t sysfs sysfs /sys", FeatureNames.LruGen)]
    public void A_folder_with_nothing_in_it_says_nothing_of_the_kernel(string folder, string remedy, string feature)
    {
        _host.Files.Processes.Clear();
        _host.Files.Delete(folder);
        AssertMissing(feature, $"There is nothing in {folder}.", remedy);
    }

    private FeatureDiagnosis Feature(string name)
    {
        FeatureDiagnosis feature = FeatureProbe.Run(_host).Single(candidate => candidate.Name == name);
        Assert.Equal(0, _host.Files.OpenFiles);
        return feature;
    }

    private void AssertMissing(string name, string why, string? remedy)
    {
        FeatureDiagnosis feature = Feature(name);
        Assert.False(feature.IsAvailable);
        Assert.Contains(why, feature.Why, StringComparison.Ordinal);
        if (remedy is null)
            Assert.Null(feature.Remedy);
        else
            Assert.Contains(remedy, feature.Remedy, StringComparison.Ordinal);
    }

    private void AssertMissingReclaim(string why, string remedy)
    {
        foreach (string name in (string[])[FeatureNames.Reclaim, FeatureNames.ReclaimSwappiness, FeatureNames.ReclaimSwappinessMax])
            AssertMissing(name, why, remedy);
    }
}
