namespace ColdPages.Tests;

public sealed class MemcgLruTests
{
    private readonly FakeHost _host = new();
    private readonly MemcgTree _tree;
    private readonly MemcgLru _lru;

    public MemcgLruTests()
    {
        _host.Write("/sys/devices/system/cpu/online", "0-3\n");
        _host.AddMemcg("/");
        _host.AddMemcg("/a");
        _host.AddMemcg("/a/b");
        Stat("", anon: 100, file: 60, shmem: 20, faults: 1000);
        Stat("/a", anon: 70, file: 50, shmem: 10, faults: 700);
        Stat("/a/b", anon: 30, file: 5, shmem: 5, faults: 300);
        _tree = Trees.Of(_host);
        _lru = new MemcgLru(_host, _tree);
        Read();
        Read();
    }

    [Fact]
    public void A_memcgs_own_bytes_are_its_number_less_those_of_its_children()
    {
        Assert.Equal([30, 0, 10], Own("/"));
        Assert.Equal([40, 40, 5], Own("/a"));
        Assert.Equal([30, 0, 5], Own("/a/b"));
        Assert.Equal(0, _lru.Unread);
        Assert.Equal(0, _host.OpenFiles);
    }

    [Fact]
    public void On_v1_what_a_removed_memcg_left_is_in_the_totals_alone_and_counts()
    {
        FakeHost host = new(v2: false);
        host.AddMemcg("/");
        host.AddMemcg("/a");
        host.Write(
            "/sys/fs/cgroup/memory/memory.stat",
            "cache 1\nshmem 1\ninactive_anon 3\ninactive_file 0\npgfault 9\ntotal_cache 10\ntotal_shmem 3\ntotal_inactive_anon 17\ntotal_inactive_file 5\ntotal_pgfault 9\n");
        host.Write("/sys/fs/cgroup/memory/a/memory.stat", "cache 0\ninactive_anon 0\npgfault 9\ntotal_cache 2\ntotal_inactive_anon 4\ntotal_pgfault 9\n");
        MemcgTree tree = Trees.Of(host);
        Assert.Equal(Errno.None, tree.Refresh());
        MemcgLru lru = new(host, tree);
        lru.Read();
        Assert.Equal([10, 5, 3], Enum.GetValues<PageKind>().Select(kind => lru.LocalBytes(tree.Root!, kind)));
        Assert.Equal([2, 2, null], Enum.GetValues<PageKind>().Select(kind => lru.LocalBytes(tree.Find("/a")!, kind)));
    }

    [Fact]
    public void Whether_reclaim_looked_at_a_memcgs_own_pages_is_told_for_two_passes()
    {
        Scanned(root: 10, a: 10, b: 10);
        Read();
        Read();
        Read();
        Assert.Equal((false, false, false), HasScanned());
        Scanned(root: 15, a: 15, b: 15);
        Read();
        Assert.Equal((false, false, true), HasScanned());
        Read();
        Assert.Equal((false, false, true), HasScanned());
        Scanned(root: 16, a: 16, b: 15);
        Read();
        Assert.Equal((false, true, false), HasScanned());

        void Scanned(long root, long a, long b)
        {
            foreach ((string memcg, long pages) in ((string, long)[])[("", root), ("/a", a), ("/a/b", b)])
                _host.Write($"/sys/fs/cgroup{memcg}/memory.stat", $"anon 1\nfile 1\npgscan {pages}\n");
        }

        (bool Root, bool A, bool B) HasScanned() => (_lru.HasScanned(_tree.Root!), _lru.HasScanned(_tree.Find("/a")!), _lru.HasScanned(_tree.Find("/a/b")!));
    }

    [Fact]
    public void Where_memory_stat_does_not_tell_of_reclaim_that_of_the_whole_host_counts()
    {
        Read();
        Read();
        Assert.False(_lru.HasScanned(_tree.Root!));
        _host.Write("/proc/vmstat", "pgscan_kswapd 1\n");
        Read();
        Assert.True(_lru.HasScanned(_tree.Root!));
        Read();
        Assert.True(_lru.HasScanned(_tree.Root!));
        Read();
        Assert.False(_lru.HasScanned(_tree.Root!));
        _host.Delete("/proc/vmstat");
        Read();
        Assert.True(_lru.HasScanned(_tree.Root!));
    }

    [Fact]
    public void Page_cache_that_nobody_maps_is_known_of_a_memcg_without_others_below()
    {
        Memcg inner = _tree.Find("/a/b")!;
        Assert.Null(_lru.LocalUnmappedBytes(inner));
        _host.Write("/sys/fs/cgroup/a/b/memory.stat", "file 1000\nfile_mapped 400\n");
        _host.Write("/sys/fs/cgroup/a/memory.stat", "file 2000\nfile_mapped 400\n");
        Read();
        Assert.Equal(600, _lru.LocalUnmappedBytes(inner));
        Assert.Null(_lru.LocalUnmappedBytes(_tree.Find("/a")!));
        _host.Write("/sys/fs/cgroup/a/b/memory.stat", "file 1000\nfile_mapped 1400\n");
        Read();
        Assert.Equal(0, _lru.LocalUnmappedBytes(inner));
    }

    [Fact]
    public void Numbers_that_were_not_read_at_one_instant_never_make_less_than_nothing()
    {
        Stat("/a/b", anon: 500, file: 1000, shmem: 500, faults: 300);
        Read();
        Assert.Equal([0, 0, 0], Own("/a"));
    }

    [Fact]
    public void New_faults_are_a_memcgs_own_since_the_pass_before_and_what_may_lag()
    {
        Assert.Equal(127 * 4 * 4096, _lru.LagBytes);
        Stat("/a", anon: 70, file: 50, shmem: 10, faults: 790);
        Stat("/a/b", anon: 30, file: 5, shmem: 5, faults: 350);
        Read();
        Assert.Equal(50 + (127 * 4), NewFaults("/a/b"));

        // Those that came while the pass before ran were counted when it ended.
        Read();
        Assert.Equal(50 + (127 * 4), NewFaults("/a/b"));
        Read();
        Assert.Equal(127 * 4, NewFaults("/a/b"));

        // What is left to one with children is not told apart well enough.
        Assert.Null(NewFaults("/a"));
    }

    [Fact]
    public void A_stat_that_cannot_be_read_is_said_and_nothing_is_known_until_it_can()
    {
        _host.OnOpen = static (path, _) => path == "/sys/fs/cgroup/a/b/memory.stat" ? Errno.EIO : Errno.None;
        Read();
        Assert.Equal(1, _lru.Unread);
        Assert.Equal([null, null, null], Own("/a/b"));
        Assert.Null(NewFaults("/a/b"));

        // They are told over both intervals when it can be read again.
        _host.OnOpen = null;
        Stat("/a/b", anon: 30, file: 5, shmem: 5, faults: 350);
        Read();
        Assert.Equal(0, _lru.Unread);
        Assert.Equal(50 + (127 * 4), NewFaults("/a/b"));
        Assert.Equal([30, 0, 5], Own("/a/b"));
    }

    [Fact]
    public void A_stat_that_is_gone_with_its_folder_is_no_fault_and_one_that_is_missing_is_said()
    {
        _host.RemoveMemcg("/a/b");
        _lru.Read();
        Assert.Equal(0, _lru.Unread);
        Assert.Equal([70, 40, 10], Own("/a"));
        _host.Delete("/sys/fs/cgroup/a/memory.stat");
        Read();
        Assert.Equal(1, _lru.Unread);
    }

    [Fact]
    public void What_was_known_of_one_whose_controller_was_switched_off_is_the_one_aboves()
    {
        _host.Delete("/sys/fs/cgroup/a/b/memory.current");
        Read();
        Assert.Equal([70, 40, 10], Own("/a"));
    }

    [Fact]
    public void A_new_memcg_in_the_row_of_an_old_one_starts_anew()
    {
        int row = _tree.Find("/a/b")!.Row;
        _host.RemoveMemcg("/a/b");
        Assert.Equal(Errno.None, _tree.Refresh());
        _host.AddMemcg("/a/n");
        Stat("/a/n", anon: 0, file: 0, shmem: 0, faults: 400);
        Read();
        Assert.Equal(row, _tree.Find("/a/n")!.Row);
        Assert.Equal(400 + (127 * 4), NewFaults("/a/n"));
        Assert.Equal([0, 0, 0], Own("/a/n"));
    }

    [Fact]
    public void Fewer_faults_than_before_are_anothers()
    {
        Assert.False(_lru.HasReborn);
        Read();
        Assert.False(_lru.HasReborn);
        _host.OnOpen = static (path, _) => path == "/sys/fs/cgroup/a/b/memory.stat" ? Errno.EIO : Errno.None;
        Read();
        Assert.False(_lru.HasReborn);
        _host.OnOpen = null;
        Stat("/a/b", anon: 30, file: 5, shmem: 5, faults: 299);
        Read();
        Assert.True(_lru.HasReborn);
        Read();
        Assert.False(_lru.HasReborn);
    }

    private void Read()
    {
        Assert.Equal(Errno.None, _tree.Refresh());
        _lru.Read();
    }

    private IEnumerable<long?> Own(string path) => [.. Enum.GetValues<PageKind>().Select(kind => _lru.LocalBytes(_tree.Find(path)!, kind))];

    private long? NewFaults(string path) => _lru.NewFaults(_tree.Find(path)!);

    private void Stat(string path, long anon, long file, long shmem, long faults) => _host.Write(
        $"/sys/fs/cgroup{path}/memory.stat",
        $"file {file}\nshmem {shmem}\ninactive_anon {anon + shmem}\nactive_anon 0\ninactive_file {file - shmem}\nactive_file 0\nunevictable 0\npgfault {faults}\n");
}
