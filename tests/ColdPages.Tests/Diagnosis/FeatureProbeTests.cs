using ColdPages.Simulation;

namespace ColdPages.Tests;

public sealed class FeatureProbeTests
{
    private readonly TrialHost _host = new();

    [Fact]
    public void Where_all_works_all_is_available_and_nothing_is_left_behind()
    {
        HostDiagnosis diagnosis = HostDiagnosis.Examine(_host.Roots);
        Assert.DoesNotContain(diagnosis.Features, feature => !feature.IsAvailable);
        Assert.All(diagnosis.Features, feature => Assert.Null(feature.Remedy));
        Assert.Equal(FeatureNames.All, diagnosis.Features.Select(feature => feature.Name));
        Assert.Equal(ColdPageSource.IdleBitmap, diagnosis.Chosen);
        Assert.Equal("6.12.95", diagnosis.Kernel);
        Assert.Equal((0, 0), (_host.Mappings, _host.Files.OpenFiles));
    }

    [Fact]
    public void Nothing_is_asked_for_that_would_do_something_to_others()
    {
        HostDiagnosis.Examine(_host.Roots);
        Assert.Equal(0, _host.Files.Processes[1].Clears);
        Assert.All(_host.Commands, command => Assert.True(
            command is ("/proc/self/clear_refs", "2\n") or (LruGen.Name, "\n")
            || (command.Path.EndsWith("reclaim", StringComparison.Ordinal) && command.Text.Split(' ')[0] == "0"),
            command.ToString()));
    }

    [Fact]
    public void A_probe_tries_nothing()
    {
        HostDiagnosis diagnosis = HostDiagnosis.Probe(_host.Roots);
        Assert.Empty(diagnosis.Features);
        Assert.Null(diagnosis.Kernel);
        Assert.Empty(_host.Commands);
    }

    [Fact]
    public void Every_name_is_explained_in_the_docs()
    {
        string docs = File.ReadAllText(Repository.File("docs/doctor-json.md"));
        Assert.All(FeatureNames.All, name => Assert.Contains($"| {name} |", docs, StringComparison.Ordinal));
        Assert.Equal(FeatureNames.All.Length, FeatureNames.All.Distinct().Count());
    }

    [Fact]
    public void Of_a_host_under_another_root_only_what_its_files_tell_is_told()
    {
        _host.IsOwn = false;
        HostDiagnosis diagnosis = HostDiagnosis.Examine(_host.Roots);
        Assert.Empty(_host.Commands);
        Assert.Equal(
            [
                FeatureNames.LruGen, FeatureNames.LruGenWalk, FeatureNames.LruGenNonLeaf, FeatureNames.LruGenMinTtl, FeatureNames.Swap, FeatureNames.Pressure, FeatureNames.CgroupV2,
            ],
            diagnosis.Features.Where(feature => feature.IsAvailable).Select(feature => feature.Name));
        Assert.All(diagnosis.Features.Where(feature => !feature.IsAvailable), feature =>
        {
            Assert.StartsWith("Not tried: seen through another root,", feature.Why, StringComparison.Ordinal);
            Assert.NotNull(feature.Remedy);
        });
    }

    [Fact]
    public void An_empty_folder_is_no_host_without_features()
    {
        using TempFolder folder = new();
        HostDiagnosis diagnosis = HostDiagnosis.Examine(HostRoots.Mounted(folder.Path));
        Assert.Null(diagnosis.Chosen);
        Assert.Null(diagnosis.Kernel);
        Assert.Equal(FeatureNames.All.Length, diagnosis.Features.Count);
        Assert.All(diagnosis.Features, feature =>
        {
            Assert.False(feature.IsAvailable);
            Assert.Contains(folder.Path, feature.Why, StringComparison.Ordinal);
            Assert.Contains("a root that holds a host's /proc and /sys", feature.Remedy, StringComparison.Ordinal);
        });
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    public void A_copy_of_a_hosts_files_is_not_written_to()
    {
        using RawFolder folder = new();
        folder.Write("/proc/1/mountinfo", "30 23 0:26 / /cg rw - cgroup2 cgroup2 rw\n");
        folder.Write("/cg/cgroup.controllers", "memory\n");
        string[] files =
        [
            folder.Write("/cg/memory.reclaim", "before"), folder.Write("/sys/devices/system/node/node0/reclaim", "before"),
            folder.Write("/sys/kernel/debug/lru_gen", "memcg before"), folder.Write("/sys/kernel/mm/page_idle/bitmap", "before  "),
        ];
        HostDiagnosis diagnosis = HostDiagnosis.Examine(HostRoots.Mounted(folder.Path));
        Assert.All(files, file => Assert.Contains("before", File.ReadAllText(file), StringComparison.Ordinal));
        Assert.StartsWith("Not tried", diagnosis.Features.Single(feature => feature.Name == FeatureNames.Reclaim).Why, StringComparison.Ordinal);
    }

    [Fact]
    public void A_simulated_host_has_no_processes_to_try_it_with()
    {
        HostDiagnosis diagnosis = HostDiagnosis.Examine(new SimulatedHost(new SimulatedHostOptions { Frames = 640 }).Roots);
        FeatureDiagnosis idle = diagnosis.Features.Single(feature => feature.Name == FeatureNames.IdlePageTracking);
        Assert.Equal("Not tried: this process is none of the simulated host's.", idle.Why);
        Assert.Null(idle.Remedy);
    }

    [Fact]
    public void Another_system_than_Linux_has_none()
    {
        _host.Files.Linux = false;
        HostDiagnosis diagnosis = HostDiagnosis.Examine(_host.Roots);
        Assert.Equal(FeatureNames.All, diagnosis.Features.Select(feature => feature.Name));
        Assert.All(diagnosis.Features, feature => Assert.Equal("This is not Linux.", feature.Why));
        Assert.Null(diagnosis.Kernel);
        Assert.Empty(_host.Commands);
    }

    [Fact]
    public void Without_memory_to_try_it_on_that_is_why()
    {
        _host.MapError = Errno.ENOMEM;
        string[] tried = [FeatureNames.IdlePageTracking, FeatureNames.PageMap, FeatureNames.PageMapScan, FeatureNames.PageFlags, FeatureNames.TailsIdle, FeatureNames.PageOwners, FeatureNames.Smaps, FeatureNames.ClearRefs, FeatureNames.HugePages];
        HostDiagnosis diagnosis = HostDiagnosis.Examine(_host.Roots);
        Assert.Equal(tried, diagnosis.Features.Where(feature => !feature.IsAvailable).Select(feature => feature.Name));
        Assert.All(diagnosis.Features.Where(feature => !feature.IsAvailable), feature => Assert.Equal("There was no memory to try it on: out of memory (ENOMEM).", feature.Why));
        Assert.Equal(0, _host.Files.OpenFiles);
    }

    [Fact]
    public void This_machine_can_be_examined()
    {
        HostDiagnosis diagnosis = HostDiagnosis.Examine(HostRoots.Local);
        Assert.Equal(FeatureNames.All, diagnosis.Features.Select(feature => feature.Name));
        Assert.All(diagnosis.Features, feature => Assert.DoesNotContain("another root", feature.Why ?? "", StringComparison.Ordinal));
        if (OperatingSystem.IsLinux())
            Assert.Contains(diagnosis.Features, feature => feature is { Name: FeatureNames.Smaps, IsAvailable: true });
    }
}
