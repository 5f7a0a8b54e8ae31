namespace ColdPages.Tests;

public sealed class MemcgMemoryReaderTests
{
    private const string V2 = "/sys/fs/cgroup";
    private const string V1 = "/sys/fs/cgroup/memory";

    [Fact]
    public void On_v2_every_number_comes_from_its_own_file()
    {
        FakeHost host = new();
        host.AddMemcg("/a", current: 1001);
        host.Write($"{V2}/a/memory.swap.current", "1002\n");
        host.Write($"{V2}/a/memory.min", "1003\n");
        host.Write($"{V2}/a/memory.low", "1004\n");
        host.Write($"{V2}/a/memory.high", "1005\n");
        host.Write($"{V2}/a/memory.max", "1006\n");
        host.Write($"{V2}/a/memory.swap.max", "1007\n");
        host.Write($"{V2}/a/memory.stat", "anon 1\nfile 2\nkernel 99\nshmem 3\nfile_mapped 4\nfile_dirty 5\nfile_writeback 98\ninactive_anon 97\nunevictable 6\n");
        Assert.Equal(
            new MemcgMemory
            {
                CurrentBytes = 1001,
                LocalBytes = 1001,
                SwapBytes = 1002,
                MinBytes = 1003,
                LowBytes = 1004,
                HighBytes = 1005,
                MaxBytes = 1006,
                SwapMaxBytes = 1007,
                AnonBytes = 1,
                FileBytes = 2,
                ShmemBytes = 3,
                FileMappedBytes = 4,
                FileDirtyBytes = 5,
                UnevictableBytes = 6,
            },
            Read(host, "/a"));
    }

    [Fact]
    public void On_v1_numbers_include_the_descendants_and_the_largest_limit_is_none()
    {
        FakeHost host = new(v2: false);
        host.AddMemcg("/a", current: 5000);
        host.Write($"{V1}/a/memory.limit_in_bytes", "9223372036854771712\n");
        host.Write(
            $"{V1}/a/memory.stat",
            "cache 91\nrss 92\nshmem 93\nunevictable 94\ntotal_cache 2\ntotal_rss 1\ntotal_shmem 3\ntotal_mapped_file 4\ntotal_dirty 5\ntotal_unevictable 6\ntotal_swap 7\n");
        Assert.Equal(
            new MemcgMemory
            {
                CurrentBytes = 5000,
                LocalBytes = 5000,
                SwapBytes = 7,
                MaxBytes = MemcgMemory.NoLimit,
                AnonBytes = 1,
                FileBytes = 2,
                ShmemBytes = 3,
                FileMappedBytes = 4,
                FileDirtyBytes = 5,
                UnevictableBytes = 6,
            },
            Read(host, "/a"));
    }

    [Fact]
    public void On_v1_a_limit_that_is_set_is_told()
    {
        FakeHost host = new(v2: false);
        host.AddMemcg("/a");
        host.Write($"{V1}/a/memory.limit_in_bytes", "1073741824\n");
        Assert.Equal(1L << 30, Read(host, "/a").MaxBytes);
    }

    [Fact]
    public void Max_is_no_limit_and_0_is_one()
    {
        FakeHost host = new();
        host.AddMemcg("/a");
        host.Write($"{V2}/a/memory.max", "max\n");
        host.Write($"{V2}/a/memory.high", "max\n");
        host.Write($"{V2}/a/memory.swap.max", "0\n");
        MemcgMemory memory = Read(host, "/a");
        Assert.Equal(MemcgMemory.NoLimit, memory.MaxBytes);
        Assert.Equal(MemcgMemory.NoLimit, memory.HighBytes);
        Assert.Null(memory.MinBytes);
        Assert.Equal(0, memory.SwapMaxBytes);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Files_that_are_not_there_leave_nulls(bool v2)
    {
        FakeHost host = new(v2);
        host.AddMemcg("/a");
        MemcgTree tree = Trees.Of(host);
        tree.Refresh();
        Memcg memcg = Assert.IsType<Memcg>(tree.Find("/a"));
        host.RemoveMemcg("/a");
        Assert.Equal(default, new MemcgMemoryReader(host, tree.Hierarchy.Version).Read(memcg));
        Assert.Equal(0, host.OpenFiles);
    }

    [Fact]
    public void The_v2_root_has_no_size_of_its_own()
    {
        FakeHost host = new();
        host.AddMemcg("/a", current: 100);
        MemcgMemory memory = Read(host, "/");
        Assert.Null(memory.CurrentBytes);
        Assert.Null(memory.LocalBytes);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Local_bytes_are_its_own_less_its_childrens(bool v2)
    {
        FakeHost host = new(v2);
        host.AddMemcg("/a", current: 1000);
        host.AddMemcg("/a/x", current: 300);
        host.AddMemcg("/a/x/deep", current: 250);
        host.AddMemcg("/a/y", current: 100);
        MemcgMemory memory = Read(host, "/a");
        Assert.Equal(1000, memory.CurrentBytes);
        Assert.Equal(600, memory.LocalBytes);
    }

    [Fact]
    public void Local_bytes_are_0_where_the_children_have_grown_meanwhile()
    {
        FakeHost host = new();
        host.AddMemcg("/a", current: 1000);
        host.AddMemcg("/a/x", current: 1500);
        Assert.Equal(0, Read(host, "/a").LocalBytes);
    }

    [Fact]
    public void A_child_without_the_controller_takes_nothing_off()
    {
        FakeHost host = new();
        host.AddMemcg("/a", current: 1000);
        host.MakeFolder($"{V2}/a/threads");
        Assert.Equal(1000, Read(host, "/a").LocalBytes);
    }

    private static MemcgMemory Read(FakeHost host, string path)
    {
        MemcgTree tree = Trees.Of(host);
        tree.Refresh();
        return new MemcgMemoryReader(host, tree.Hierarchy.Version).Read(Assert.IsType<Memcg>(tree.Find(path)));
    }
}
