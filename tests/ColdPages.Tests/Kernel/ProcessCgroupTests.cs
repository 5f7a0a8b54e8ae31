using System.Text;

namespace ColdPages.Tests;

public sealed class ProcessCgroupTests
{
    private const string Hybrid = "9:name=systemd:/s\n4:cpu,memory:/m\n3:memory_x,cpuset:/x\n0::/u\n";

    [Theory]
    [InlineData("0::/a/b\n", "/a/b")]
    [InlineData("0::/\n", "/")]
    [InlineData("0::/a/b", "/a/b")]
    [InlineData("0::/../other\n", "/../other")]
    public void On_v2_it_is_the_line_of_hierarchy_0(string text, string expected) => Assert.Equal(expected, Find(text, 2));

    [Theory]
    [InlineData("4:memory:/a\n", "/a")]
    [InlineData("4:cpu,memory:/a\n", "/a")]
    [InlineData("4:memory,cpu:/a\n", "/a")]
    [InlineData("4:cpu,memory,pids:/a\n", "/a")]
    public void On_v1_it_is_the_line_whose_controllers_list_memory(string text, string expected) => Assert.Equal(expected, Find(text, 1));

    [Fact]
    public void On_a_hybrid_host_each_version_has_its_own_line()
    {
        Assert.Equal("/m", Find(Hybrid, 1));
        Assert.Equal("/u", Find(Hybrid, 2));
    }

    [Theory]
    [InlineData("0::/a:b:c\n", 2, "/a:b:c")]
    [InlineData("7:memory:/x:y\n", 1, "/x:y")]
    [InlineData("0::/system.slice/a b\n", 2, "/system.slice/a b")]
    public void A_path_may_hold_colons_and_blanks(string text, int version, string expected) => Assert.Equal(expected, Find(text, version));

    [Fact]
    public void The_mark_of_a_removed_cgroup_stays_on_its_path() => Assert.Equal("/a/b (deleted)", Find("0::/a/b (deleted)\n", 2));

    [Theory]
    [InlineData("", 2)]
    [InlineData("nonsense\n", 2)]
    [InlineData("0:\n", 2)]
    [InlineData("10::/a\n", 2)]
    [InlineData("4:memory:/a\n", 2)]
    [InlineData("0::/a\n", 1)]
    [InlineData("4:name=memory:/a\n", 1)]
    [InlineData("4:memory_recursive,cpu:/a\n", 1)]
    [InlineData("4:memory\n", 1)]
    public void Without_such_a_line_there_is_no_path(string text, int version) => Assert.Null(Find(text, version));

    private static string? Find(string text, int version) =>
        ProcessCgroup.TryFindPath(Encoding.Latin1.GetBytes(text), version, out ReadOnlySpan<byte> path) ? Encoding.Latin1.GetString(path) : null;
}
