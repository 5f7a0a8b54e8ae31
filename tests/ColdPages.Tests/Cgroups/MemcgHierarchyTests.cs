using System.Text;

namespace ColdPages.Tests;

public sealed class MemcgHierarchyTests
{
    [Fact]
    public void A_v2_host_has_it_where_cgroup2_is_mounted()
    {
        MemcgHierarchy? hierarchy = MemcgHierarchy.Find(new FakeHost(), out Problem? problem);
        Assert.NotNull(hierarchy);
        Assert.Null(problem);
        Assert.Equal(2, hierarchy.Version);
        Assert.Equal("/sys/fs/cgroup"u8, hierarchy.MountPoint);
        Assert.Equal("/"u8, hierarchy.Root);
    }

    [Fact]
    public void A_v1_host_has_it_where_the_memory_controller_is_mounted()
    {
        MemcgHierarchy? hierarchy = Find(
            "30 23 0:25 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n31 23 0:26 / /sys/fs/cgroup/memory rw shared:9 - cgroup cgroup rw,memory\n",
            out _);
        Assert.NotNull(hierarchy);
        Assert.Equal(1, hierarchy.Version);
        Assert.Equal("/sys/fs/cgroup/memory"u8, hierarchy.MountPoint);
    }

    [Fact]
    public void On_a_hybrid_host_v1_has_it_whichever_is_mounted_first()
    {
        const string V1 = "30 23 0:26 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n";
        const string V2 = "31 23 0:27 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";
        Assert.Equal(1, Find(V1 + V2, out _)?.Version);
        Assert.Equal(1, Find(V2 + V1, out _)?.Version);
    }

    [Fact]
    public void A_v1_hierarchy_with_several_controllers_counts_and_one_whose_name_says_memory_does_not()
    {
        Assert.Equal(1, Find("30 23 0:26 / /cg rw - cgroup cgroup rw,cpu,memory,pids\n", out _)?.Version);
        Assert.Null(Find("30 23 0:26 / /cg rw - cgroup cgroup rw,name=memory\n", out _));
    }

    [Fact]
    public void A_containers_part_of_the_hierarchy_is_its_root()
    {
        MemcgHierarchy? hierarchy = Find("30 23 0:26 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n", out _);
        Assert.NotNull(hierarchy);
        Assert.Equal("/docker/abc"u8, hierarchy.Root);
    }

    [Theory]
    [InlineData("/my\\040cgroups/", "/my cgroups")]
    [InlineData("/", "")]
    public void The_mount_point_has_no_slash_at_its_end(string written, string expected)
    {
        MemcgHierarchy? hierarchy = Find($"30 23 0:26 / {written} rw - cgroup cgroup rw,memory\n", out _);
        Assert.Equal(Encoding.UTF8.GetBytes(expected), hierarchy?.MountPoint);
    }

    [Fact]
    public void A_host_without_cgroups_is_told_to_mount_them()
    {
        Assert.Null(Find("32 1 8:1 / / rw - ext4 /dev/sda1 rw\n", out Problem? problem));
        Assert.Contains("No cgroup hierarchy is mounted", problem?.Why, StringComparison.Ordinal);
        Assert.Contains("mount -t cgroup2", problem?.Remedy, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("cpuset cpu io pids\n")]
    [InlineData("memory_x hugetlb\n")]
    [InlineData("\n")]
    [InlineData(null)]
    public void A_kernel_without_the_memory_controller_is_told_what_to_boot(string? controllers)
    {
        FakeHost host = new();
        host.Delete("/sys/fs/cgroup/cgroup.controllers");
        if (controllers is not null)
            host.Write("/sys/fs/cgroup/cgroup.controllers", controllers);
        Assert.Null(MemcgHierarchy.Find(host, out Problem? problem));
        Assert.Contains("The memory controller is in no mounted cgroup hierarchy", problem?.Why, StringComparison.Ordinal);
        Assert.Contains("cgroup_disable=memory", problem?.Remedy, StringComparison.Ordinal);
        Assert.Contains("CONFIG_MEMCG", problem?.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_mountinfo_it_says_which_file_and_what_root_to_give()
    {
        FakeHost host = new();
        host.Delete("/proc/self/mountinfo");
        Assert.Null(MemcgHierarchy.Find(host, out Problem? problem));
        Assert.Contains("/proc/self/mountinfo", problem?.Why, StringComparison.Ordinal);
        Assert.Contains("ENOENT", problem?.Why, StringComparison.Ordinal);
        Assert.Contains("--root", problem?.Remedy, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/", "/", "/")]
    [InlineData("/", "/a/b", "/a/b")]
    [InlineData("/", "/a (deleted)", "/a (deleted)")]
    [InlineData("/", "/..a/b", "/..a/b")]
    [InlineData("/", "", null)]
    [InlineData("/", "/..", null)]
    [InlineData("/", "/../x", null)]
    [InlineData("/", "/../../x", null)]
    [InlineData("/docker/abc", "/docker/abc", "/")]
    [InlineData("/docker/abc", "/docker/abc/x", "/x")]
    [InlineData("/docker/abc", "/docker/abcd", null)]
    [InlineData("/docker/abc", "/docker", null)]
    [InlineData("/docker/abc", "/other", null)]
    [InlineData("/docker/abc", "/", null)]
    [InlineData("/docker/abc", "/../x", null)]
    public void The_mounts_root_is_taken_off_a_process_path(string root, string path, string? expected) =>
        Assert.Equal(expected, Relative(root, path));

    /// <summary>The host's mounts and processes, as a container with a cgroup namespace of its own sees them.</summary>
    [Theory]
    [InlineData("/../..", "/../..", "/")]
    [InlineData("/../..", "/../../kubepods/pod", "/kubepods/pod")]
    [InlineData("/..", "/../sibling", "/sibling")]
    [InlineData("/..", "/../../x", null)]
    [InlineData("/../..", "/../sibling", null)]
    [InlineData("/../..", "/own", null)]
    [InlineData("/../..", "/", null)]
    public void A_root_above_the_own_namespace_is_taken_off_too(string root, string path, string? expected) =>
        Assert.Equal(expected, Relative(root, path));

    private static string? Relative(string root, string path)
    {
        MemcgHierarchy hierarchy = new(2, [], Encoding.ASCII.GetBytes(root));
        return hierarchy.TryMakeRelative(Encoding.ASCII.GetBytes(path), out ReadOnlySpan<byte> relative) ? Encoding.ASCII.GetString(relative) : null;
    }

    private static MemcgHierarchy? Find(string mountInfo, out Problem? problem)
    {
        FakeHost host = new();
        host.Write("/proc/self/mountinfo", mountInfo);
        return MemcgHierarchy.Find(host, out problem);
    }
}
