using System.Text;

namespace ColdPages.Tests;

public sealed class MemcgTreeTests
{
    private readonly FakeHost _host = new();
    private readonly MemcgTree _tree;

    public MemcgTreeTests() => _tree = Trees.Of(_host);

    [Fact]
    public void Before_the_first_walk_there_is_nothing()
    {
        Assert.Null(_tree.Root);
        Assert.Empty(_tree.InOrder);
        Assert.Null(_tree.Charged("/a"));
    }

    [Fact]
    public void Parents_come_before_children_and_siblings_by_the_bytes_of_their_names()
    {
        foreach (string path in (string[])["/b", "/a/z", "/a/y", "/a", "/a-b", "/B", "/\u00e9"])
            _host.AddMemcg(path);
        Assert.Equal(Errno.None, _tree.Refresh());
        Assert.Equal(["/", "/B", "/a", "/a/y", "/a/z", "/a-b", "/b", "/\u00e9"], _tree.Paths());
        Assert.Equal((8, 8, 0), (_tree.Count, _tree.Births, _tree.Deaths));
    }

    [Fact]
    public void A_memcg_knows_its_folder_inode_name_and_parent()
    {
        _host.AddMemcg("/a");
        ulong inode = _host.AddMemcg("/a/b c", inode: 77);
        _tree.Refresh();
        Memcg? memcg = _tree.FindInode(inode);
        Assert.NotNull(memcg);
        Assert.Same(memcg, _tree.Find("/a/b c"));
        Assert.Equal("/sys/fs/cgroup/a/b c"u8, memcg.Directory);
        Assert.Equal("b c", memcg.NameText);
        Assert.Same(_tree.Find("/a"), memcg.Parent);
        Assert.True(memcg.IsWithin(memcg));
        Assert.True(memcg.IsWithin(_tree.Root!));
        Assert.False(_tree.Root!.IsWithin(memcg));
    }

    [Fact]
    public void A_second_walk_finds_what_was_born_and_what_died_and_keeps_the_others()
    {
        _host.AddMemcg("/a");
        _host.AddMemcg("/b/c");
        _host.AddMemcg("/b");
        _tree.Refresh();
        Memcg? kept = _tree.Find("/a");
        _host.RemoveMemcg("/b");
        _host.AddMemcg("/d");
        Assert.Equal(Errno.None, _tree.Refresh());
        Assert.Equal((1, 2), (_tree.Births, _tree.Deaths));
        Assert.Equal(["/", "/a", "/d"], _tree.Paths());
        Assert.Same(kept, _tree.Find("/a"));
        Assert.Null(_tree.Find("/b/c"));
        _tree.Refresh();
        Assert.Equal((0, 0), (_tree.Births, _tree.Deaths));
    }

    [Fact]
    public void An_inode_under_another_name_is_another_memcg()
    {
        ulong inode = _host.AddMemcg("/a");
        _tree.Refresh();
        Memcg? before = _tree.FindInode(inode);
        _host.RemoveMemcg("/a");
        _host.AddMemcg("/b", inode: inode);
        _tree.Refresh();
        Assert.NotSame(before, _tree.FindInode(inode));
        Assert.Equal(["/", "/b"], _tree.Paths());
        Assert.Null(_tree.Find("/a"));
        Assert.Equal((1, 1), (_tree.Births, _tree.Deaths));
    }

    [Fact]
    public void A_name_with_another_inode_is_another_memcg_and_so_are_those_below()
    {
        _host.AddMemcg("/a", inode: 50);
        _host.AddMemcg("/a/x", inode: 51);
        _tree.Refresh();
        Memcg? below = _tree.Find("/a/x");
        _host.RemoveMemcg("/a");
        _host.AddMemcg("/a", inode: 60);
        _host.AddMemcg("/a/x", inode: 51);
        _tree.Refresh();
        Assert.Equal(["/", "/a", "/a/x"], _tree.Paths());
        Assert.Equal(60UL, _tree.Find("/a")?.Inode);
        Assert.NotSame(below, _tree.Find("/a/x"));
        Assert.Same(_tree.Find("/a"), _tree.Find("/a/x")?.Parent);
        Assert.Null(_tree.FindInode(50));
        Assert.Equal(3, _tree.Count);
    }

    [Fact]
    public void Two_that_change_inodes_are_both_new()
    {
        _host.AddMemcg("/a", inode: 50);
        _host.AddMemcg("/b", inode: 51);
        _host.AddMemcg("/b/c", inode: 52);
        _tree.Refresh();
        _host.RemoveMemcg("/a");
        _host.RemoveMemcg("/b");
        _host.AddMemcg("/a", inode: 51);
        _host.AddMemcg("/b", inode: 52);
        _host.AddMemcg("/b/c", inode: 50);
        _tree.Refresh();
        Assert.Equal(["/", "/a", "/b", "/b/c"], _tree.Paths());
        Assert.Equal([51UL, 52UL, 50UL], _tree.InOrder.Skip(1).Select(memcg => memcg.Inode));
        Assert.Equal((3, 3), (_tree.Births, _tree.Deaths));
    }

    [Fact]
    public void Rows_are_used_again_and_never_shared()
    {
        for (int i = 0; i < 50; i++)
        {
            _host.AddMemcg($"/job-{i}");
            _host.AddMemcg($"/job-{i}/step");
            _tree.Refresh();
            Assert.Equal(_tree.Count, _tree.InOrder.Select(memcg => memcg.Row).Distinct().Count());
            Assert.All(_tree.InOrder, memcg => Assert.InRange(memcg.Row, 0, _tree.Rows - 1));
            _host.RemoveMemcg($"/job-{i}");
        }

        // Those born in a walk have their rows before those that died in it give theirs back.
        Assert.InRange(_tree.Rows, 3, 5);
    }

    [Fact]
    public void A_v2_folder_without_the_controller_is_left_out_with_all_below_it()
    {
        _host.AddMemcg("/a");
        _host.MakeFolder("/sys/fs/cgroup/a/threads");
        _host.AddMemcg("/a/threads/below");
        _tree.Refresh();
        Assert.Equal(["/", "/a"], _tree.Paths());
    }

    [Fact]
    public void A_v2_memcg_that_loses_the_controller_leaves_and_one_that_gains_it_comes()
    {
        _host.AddMemcg("/a");
        _host.AddMemcg("/a/b");
        _tree.Refresh();
        _host.Delete("/sys/fs/cgroup/a/memory.current");
        _tree.Refresh();
        Assert.Equal(["/"], _tree.Paths());
        Assert.Equal("/", _tree.Charged("/a/b"));
        _host.AddMemcg("/a");
        _tree.Refresh();
        Assert.Equal(["/", "/a", "/a/b"], _tree.Paths());
    }

    [Fact]
    public void On_v1_every_folder_is_a_memcg()
    {
        FakeHost host = new(v2: false);
        host.MakeFolder("/sys/fs/cgroup/memory/a/b");
        MemcgTree tree = Trees.Of(host);
        tree.Refresh();
        Assert.Equal(["/", "/a", "/a/b"], tree.Paths());
    }

    [Theory]
    [InlineData("/", "/")]
    [InlineData("/a", "/a")]
    [InlineData("/a/b", "/a/b")]
    [InlineData("/a/b:c", "/a/b:c")]
    [InlineData("/a/threads", "/a")]
    [InlineData("/a/threads/deep/down", "/a")]
    [InlineData("/a/b (deleted)", "/a")]
    [InlineData("/gone (deleted)", "/")]
    [InlineData("/a/gone/too", "/a")]
    [InlineData("/../elsewhere", null)]
    public void A_process_is_charged_to_the_nearest_memcg_that_is_there(string processPath, string? expected)
    {
        _host.AddMemcg("/a");
        _host.AddMemcg("/a/b");
        _host.AddMemcg("/a/b:c");
        _host.MakeFolder("/sys/fs/cgroup/a/threads");
        _tree.Refresh();
        Assert.Equal(expected, _tree.Charged(processPath));
    }

    [Theory]
    [InlineData("/docker/abc/x", "/x")]
    [InlineData("/docker/abc", "/")]
    [InlineData("/docker/other", null)]
    public void In_a_container_paths_are_from_the_root_of_its_mount(string processPath, string? expected)
    {
        _host.Write("/proc/self/mountinfo", "30 23 0:26 /docker/abc /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
        _host.AddMemcg("/x");
        MemcgTree tree = Trees.Of(_host);
        tree.Refresh();
        Assert.Equal(expected, tree.Charged(processPath));
    }

    [Theory]
    [InlineData("/a\u001b[2J", "/a\u001b[2J")]
    [InlineData("/\u00ff\u00c3", @"/\xff\xc3")]
    [InlineData("/\u00c3\u00a9", "/\u00e9")]
    [InlineData("/a b\tc", "/a b\tc")]
    public void Names_may_be_any_bytes_and_are_found_by_their_text(string path, string text)
    {
        _host.AddMemcg(path);
        _tree.Refresh();
        Memcg? memcg = _tree.Find(path);
        Assert.NotNull(memcg);
        Assert.Equal(Encoding.Latin1.GetBytes(path), memcg.Path);
        Assert.Same(memcg, _tree.FindText(text));
        Assert.Null(_tree.FindText(text + "x"));
    }

    [Fact]
    public void A_tree_2000_deep_is_walked_whole()
    {
        FakeHost host = new(v2: false);
        host.MakeFolder("/sys/fs/cgroup/memory" + string.Concat(Enumerable.Repeat("/d", 2000)));
        MemcgTree tree = Trees.Of(host);
        Assert.Equal(Errno.None, tree.Refresh());
        Assert.Equal(2001, tree.InOrder.Count);
        Assert.Equal(4000, tree.InOrder[^1].Path.Length);
        Assert.True(tree.InOrder[^1].IsWithin(tree.Root!));
        host.Delete("/sys/fs/cgroup/memory/d");
        Assert.Equal(Errno.None, tree.Refresh());
        Assert.Equal((1, 2000), (tree.Count, tree.Deaths));
    }

    [Fact]
    public void A_cgroup_that_vanishes_during_the_walk_is_no_error()
    {
        _host.AddMemcg("/a/b");
        _host.AddMemcg("/a");
        _host.AddMemcg("/c");
        _host.OnList = folder => folder == "/sys/fs/cgroup/a" ? Errno.ENOENT : Errno.None;
        Assert.Equal(Errno.None, _tree.Refresh());
        Assert.Equal(["/", "/c"], _tree.Paths());
    }

    [Fact]
    public void A_root_that_cannot_be_listed_is_an_error_and_the_tree_stays_as_it_was()
    {
        _host.AddMemcg("/a");
        _tree.Refresh();
        _host.OnList = static _ => Errno.EACCES;
        Assert.Equal(Errno.EACCES, _tree.Refresh());
        Assert.Equal(["/", "/a"], _tree.Paths());
        _host.OnList = null;
        Assert.Equal(Errno.None, _tree.Refresh());
        Assert.Equal((0, 0), (_tree.Births, _tree.Deaths));
    }

    [Fact]
    public void A_hierarchy_mounted_anew_is_a_tree_of_new_memcgs()
    {
        _host.AddMemcg("/a");
        _tree.Refresh();
        Memcg? root = _tree.Root;
        Memcg? below = _tree.Find("/a");
        _host.MakeFolder("/sys/fs/cgroup", inode: 999_999);
        Assert.Equal(Errno.None, _tree.Refresh());
        Assert.NotSame(root, _tree.Root);
        Assert.NotSame(below, _tree.Find("/a"));
        Assert.Equal(["/", "/a"], _tree.Paths());
        Assert.Equal(2, _tree.Count);
    }
}
