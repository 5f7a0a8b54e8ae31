namespace ColdPages.Tests;

public sealed class MemcgDetailReaderTests
{
    private const string V2 = "/sys/fs/cgroup";
    private const string V1 = "/sys/fs/cgroup/memory";
    private const string V1Hugetlb = "/sys/fs/cgroup/hugetlb";

    [Fact]
    public void On_v2_every_number_comes_from_its_own_line()
    {
        FakeHost host = new();
        host.AddMemcg("/a");
        host.Write($"{V2}/a/memory.stat", """
            anon 1
            file 1000
            kernel 500
            kernel_stack 20
            pagetables 30
            sec_pagetables 31
            percpu 40
            sock 50
            vmalloc 60
            shmem 100
            zswap 70
            zswapped 700
            file_mapped 80
            file_dirty 90
            file_writeback 10
            unevictable 5
            slab_reclaimable 11
            slab_unreclaimable 12
            slab 23

            """);
        host.Write($"{V2}/a/memory.numa_stat", "anon N0=1 N8=2\nfile N0=700 N8=300\nkernel_stack N0=9 N8=9\nshmem N0=100 N8=0\nunevictable N0=3 N8=2\n");
        host.Write($"{V2}/a/hugetlb.2MB.current", "2097152\n");
        host.Write($"{V2}/a/hugetlb.2MB.rsvd.current", "4194304\n");
        host.Write($"{V2}/a/hugetlb.2MB.max", "max\n");
        host.Write($"{V2}/a/hugetlb.1GB.current", "1073741824\n");
        host.Write($"{V2}/a/hugetlb.1GB.rsvd.current", "0\n");

        MemcgDetail detail = Read(host, [0, 8])("/a");

        Assert.Equal((900L, 90L, 10L, 800L), (detail.FileBytes, detail.FileDirtyBytes, detail.FileWritebackBytes, detail.FileCleanBytes));
        Assert.Equal((80L, 5L, 50L, 500L), (detail.FileMappedBytes, detail.UnevictableBytes, detail.SocketBytes, detail.KernelBytes));
        Assert.Equal((11L, 12L, 20L, 30L), (detail.SlabReclaimableBytes, detail.SlabUnreclaimableBytes, detail.KernelStackBytes, detail.PageTablesBytes));
        Assert.Equal((31L, 40L, 60L, 70L), (detail.SecondaryPageTablesBytes, detail.PercpuBytes, detail.VmallocBytes, detail.ZswapBytes));
        Assert.Equal((2097152L + 1073741824, 4194304L), (detail.HugetlbBytes, detail.HugetlbReservedBytes));
        Assert.Equal(
            [
                new NodeDetail { Node = 0, AnonBytes = 1, FileBytes = 600, ShmemBytes = 100, UnevictableBytes = 3 },
                new NodeDetail { Node = 8, AnonBytes = 2, FileBytes = 300, ShmemBytes = 0, UnevictableBytes = 2 },
            ],
            detail.Nodes);
    }

    [Fact]
    public void What_is_not_there_is_null_and_not_0()
    {
        FakeHost host = new();
        host.AddMemcg("/a");
        host.AddMemcg("/b");
        host.Write($"{V2}/b/memory.stat", "file 10\nkernel 0\n");
        Func<string, MemcgDetail> read = Read(host, [0]);
        Assert.All(read("/a").Values.ToArray(), value => Assert.Equal(MemcgDetail.Unknown, value));
        Assert.Equal([new NodeDetail { Node = 0 }], read("/a").Nodes);

        // Without shared memory there is no telling how much of "file" is page cache.
        Assert.Equal((0L, null, null), (read("/b").KernelBytes, read("/b").FileBytes, read("/b").FileCleanBytes));
    }

    [Fact]
    public void A_memcgs_own_is_what_those_below_do_not_have()
    {
        FakeHost host = new();
        foreach ((string path, int kernel, int hugetlb) in ((string, int, int)[])[("/a", 100, 70), ("/a/b", 60, 30), ("/a/c", 10, 60)])
        {
            host.AddMemcg(path);
            host.Write($"{V2}{path}/memory.stat", $"kernel {kernel}\n");
            host.Write($"{V2}{path}/memory.numa_stat", $"anon N0={kernel * 2}\n");
            host.Write($"{V2}{path}/hugetlb.2MB.current", $"{hugetlb}\n");
        }

        // One without files of the hugetlb controller, whose pages are its parent's; and one that is gone when it is asked.
        host.AddMemcg("/a/c/d");
        host.AddMemcg("/a/e");
        host.OnOpen = (path, _) => path.StartsWith($"{V2}/a/e/", StringComparison.Ordinal) ? Errno.ENODEV : Errno.None;

        Func<string, MemcgDetail> read = Read(host, [0]);

        // Those below can have more together: they are read later.
        Assert.Equal([(30L, 60L, 0L), (60L, 120L, 30L), (10L, 20L, 60L)], new[] { "/a", "/a/b", "/a/c" }.Select(path => read(path)).Select(detail => (detail.KernelBytes!.Value, detail.Nodes[0].AnonBytes!.Value, detail.HugetlbBytes!.Value)));
        Assert.Null(read("/a/c/d").HugetlbBytes);
        Assert.Null(read("/a/e").KernelBytes);
    }

    [Fact]
    public void Where_hugetlb_counts_as_memory_memory_stat_tells_it()
    {
        FakeHost host = new();
        host.AddMemcg("/a");
        host.Write($"{V2}/a/memory.stat", "kernel 1\nhugetlb 4194304\n");
        Assert.Equal((4194304L, null), (Read(host, [])("/a").HugetlbBytes, Read(host, [])("/a").HugetlbReservedBytes));
        host.Write($"{V2}/a/hugetlb.2MB.current", "2097152\n");
        Assert.Equal(2097152, Read(host, [])("/a").HugetlbBytes);
    }

    [Theory]
    [InlineData("rw,hugetlb", "/", true)]
    [InlineData("rw,perf_event,hugetlb", "/", true)]
    [InlineData("rw,hugetlb", "/docker/1", false)]
    [InlineData("rw,pids", "/", false)]
    public void On_v1_numbers_are_those_with_the_descendants_nodes_are_in_pages_and_hugetlb_has_a_hierarchy_of_its_own(string options, string root, bool isThere)
    {
        FakeHost host = new(v2: false);
        host.Write("/proc/self/mountinfo", $"30 23 0:26 / {V1} rw - cgroup cgroup rw,memory\n34 23 0:29 {root} {V1Hugetlb}/ rw - cgroup cgroup {options}\n");
        host.AddMemcg("/a");
        host.Write(
            $"{V1}/a/memory.stat",
            "cache 91\nshmem 93\ndirty 94\nunevictable 95\ntotal_cache 1000\ntotal_shmem 300\ntotal_mapped_file 4\ntotal_dirty 50\ntotal_writeback 5\ntotal_unevictable 6\n");
        host.Write($"{V1}/a/memory.kmem.usage_in_bytes", "700\n");
        host.Write($"{V1}/a/memory.kmem.tcp.usage_in_bytes", "8\n");
        host.Write($"{V1}/a/memory.numa_stat", "total=9 N0=9\nfile=9 N0=9\nhierarchical_total=7 N0=3 N1=4\nhierarchical_file=3 N0=1 N1=2\nhierarchical_anon=3 N0=2 N1=1\nhierarchical_unevictable=1 N0=0 N1=1\n");
        host.Write($"{V1Hugetlb}/a/hugetlb.2MB.usage_in_bytes", "2097152\n");
        host.Write($"{V1Hugetlb}/a/hugetlb.2MB.rsvd.usage_in_bytes", "4194304\n");
        host.Write($"{V1Hugetlb}/a/hugetlb.2MB.max_usage_in_bytes", "999\n");

        MemcgDetail detail = Read(host, [0, 1])("/a");

        Assert.Equal((700L, 50L, 5L, 645L), (detail.FileBytes, detail.FileDirtyBytes, detail.FileWritebackBytes, detail.FileCleanBytes));
        Assert.Equal((4L, 6L, 700L, 8L, null), (detail.FileMappedBytes, detail.UnevictableBytes, detail.KernelBytes, detail.SocketBytes, detail.SlabReclaimableBytes));
        Assert.Equal(isThere ? (2097152L, 4194304L) : (null, null), (detail.HugetlbBytes, detail.HugetlbReservedBytes));
        Assert.Equal(
            [
                new NodeDetail { Node = 0, AnonBytes = 8192, FileBytes = 4096, UnevictableBytes = 0 },
                new NodeDetail { Node = 1, AnonBytes = 4096, FileBytes = 8192, UnevictableBytes = 4096 },
            ],
            detail.Nodes);
    }

    private static Func<string, MemcgDetail> Read(FakeHost host, int[] nodes)
    {
        MemcgTree tree = Trees.Of(host);
        Assert.Equal(Errno.None, tree.Refresh());
        MemcgDetailReader reader = new(host, tree);
        reader.Read(nodes);
        Assert.Equal(0, host.OpenFiles);
        return path => reader.Local(tree.FindText(path)!);
    }
}
