using System.Text;
using ColdPages.Simulation;

namespace ColdPages.Tests;

/// <summary>The memcgs of a simulated host, as the library's own reader and tree see them.</summary>
public sealed class SimulationMemcgTests
{
    private readonly SimulatedHost _host = new(new SimulatedHostOptions { Frames = 4096 });

    [Fact]
    public void The_library_finds_the_hierarchy_and_walks_it()
    {
        SimulatedMemcg inner = _host.MakeMemcg("/a/b");
        SimulatedMemcg reused = _host.MakeMemcg("/c", inode: 77);
        MemcgTree tree = Walk();
        Assert.Equal(["/", "/a", "/a/b", "/c"], tree.InOrder.Select(memcg => Encoding.UTF8.GetString(memcg.Path)));
        Assert.Equal([_host.Root.Inode, inner.Parent!.Inode, inner.Inode, 77UL], tree.InOrder.Select(memcg => memcg.Inode));

        reused.Remove();
        _host.MakeMemcg("/a/d", inode: 77);
        tree.Refresh();
        Assert.Equal("/a/d", Encoding.UTF8.GetString(tree.FindInode(77)!.Path));
        Assert.Equal((1, 1), (tree.Births, tree.Deaths));
    }

    [Fact]
    public void The_library_reads_its_numbers()
    {
        SimulatedMemcg a = _host.MakeMemcg("/a");
        a.Allocate(PageKind.Anon, 10 * 4096);
        a.Allocate(PageKind.Shmem, 20 * 4096);
        SimulatedFolio[] files = a.Allocate(PageKind.File, 30 * 4096);
        files[0].Touch();
        _host.Memory.SetDirty(files[1], dirty: true);
        _host.Memory.SetMlocked(files[2], locked: true);
        _host.Memory.ChargeSwap(a, 5);
        a.MinBytes = 1;
        a.LowBytes = 2;
        a.HighBytes = 3;
        MemcgTree tree = Walk();
        MemcgMemory memory = new MemcgMemoryReader(_host.Files, 2).Read(tree.FindPath("/a"u8)!);
        MemcgMemory expected = new()
        {
            CurrentBytes = 60 * 4096,
            LocalBytes = 60 * 4096,
            AnonBytes = 10 * 4096,
            FileBytes = 50 * 4096,
            ShmemBytes = 20 * 4096,
            FileMappedBytes = 21 * 4096,
            FileDirtyBytes = 4096,
            UnevictableBytes = 4096,
            SwapBytes = 5 * 4096,
            MinBytes = 1,
            LowBytes = 2,
            HighBytes = 3,
            MaxBytes = MemcgMemory.NoLimit,
            SwapMaxBytes = MemcgMemory.NoLimit,
        };
        Assert.Equal(expected, memory);

        MemcgMemory root = new MemcgMemoryReader(_host.Files, 2).Read(tree.Root!);
        Assert.Null(root.CurrentBytes);
        Assert.Equal(10 * 4096, root.AnonBytes);
        Assert.Equal((1 << 30) - (5 * 4096), MemInfo.Read(_host.Files).SwapFree);
    }

    [Fact]
    public void Memory_stat_has_the_lines_of_a_real_one()
    {
        string[] lines = _host.Text("/sys/fs/cgroup/memory.stat").Split('\n');
        Assert.Equal("anon 0", lines[0]);
        Assert.Equal("thp_swpout_fallback 0", lines[^2]);
        Assert.Equal(61, lines.Length - 1);
        Assert.Equal(lines.Length, lines.Distinct(StringComparer.Ordinal).Count());
    }

    [Theory]
    [InlineData(PageKind.Anon, "inactive_anon", "active_anon")]
    [InlineData(PageKind.Shmem, "inactive_anon", "active_anon")]
    [InlineData(PageKind.File, "inactive_file", "active_file")]
    public void A_folio_is_counted_by_the_list_that_it_is_on(PageKind kind, string inactive, string active)
    {
        SimulatedMemcg a = _host.MakeMemcg("/a");
        SimulatedFolio folio = a.Allocate(kind, 4 * 4096, order: 2)[0];
        Expect(inactive);
        _host.Memory.SetActive(folio, active: true);
        Expect(active);
        _host.Memory.SetMlocked(folio, locked: true);
        Expect("unevictable");
        _host.Memory.SetMlocked(folio, locked: false);
        _host.Memory.Isolate(folio);
        Expect("none");
        Assert.Equal(4, _host.VmStat(kind == PageKind.File ? "nr_isolated_file" : "nr_isolated_anon"));
        _host.Memory.PutBack(folio);
        _host.Memory.QueueMove(folio);
        Expect(inactive);
        Assert.Equal(0UL, _host.Flags(0) & PageFlagBits.Lru);
        folio.Free();
        Expect("none");

        void Expect(string list)
        {
            foreach (string name in (string[])["inactive_anon", "active_anon", "inactive_file", "active_file", "unevictable"])
                Assert.Equal(name == list ? 4 : 0, _host.Stat(a, name));
        }
    }

    [Fact]
    public void What_a_removed_one_was_charged_is_the_nearest_ones_above_it()
    {
        SimulatedMemcg a = _host.MakeMemcg("/a");
        SimulatedMemcg c = _host.MakeMemcg("/a/b/c");
        SimulatedFolio page = c.Allocate(PageKind.Anon, 4096)[0];
        Assert.Throws<InvalidOperationException>(c.Parent!.Remove);
        Assert.Throws<InvalidOperationException>(_host.Root.Remove);
        c.Remove();
        Assert.Equal("/a/b", page.Memcg!.Path);
        Assert.Equal(c.Parent.Inode, _host.Owner(page.Frame));
        c.Parent.Remove();
        Assert.Equal(a.Inode, _host.Owner(page.Frame));
        Assert.Equal(1, _host.Stat(a, "inactive_anon"));
        Assert.Equal(4096, a.CurrentBytes);
        page.Free();
        Assert.Equal(0, _host.Stat(a, "inactive_anon"));
        Assert.Equal(0, a.CurrentBytes);
        Assert.Throws<InvalidOperationException>(() => c.Allocate(PageKind.Anon, 4096));
    }

    [Fact]
    public void A_new_one_at_the_path_of_a_removed_one_is_another()
    {
        SimulatedMemcg old = _host.MakeMemcg("/a");
        old.Allocate(PageKind.Anon, 4096);
        old.Remove();
        SimulatedMemcg other = _host.MakeMemcg("/a");
        Assert.NotEqual(old.Inode, other.Inode);
        Assert.Equal(0, other.CurrentBytes);
        Assert.Same(other, _host.FindMemcg("/a"));
        Assert.Same(other, _host.MakeMemcg("/a"));
        Assert.Null(_host.FindMemcg("/a/b"));
    }

    [Fact]
    public void An_open_file_of_a_removed_one_says_that_it_is_gone()
    {
        SimulatedMemcg a = _host.MakeMemcg("/a");
        Assert.Equal(Errno.None, KernelFile.Open(_host.Files, "/sys/fs/cgroup/a/memory.stat"u8, KernelFileAccess.Read, out KernelFile file));
        a.Remove();
        Assert.Equal(IoResult.Failed(Errno.ENODEV), file.Read(0, new byte[100]));
        file.Dispose();
        Assert.Equal(Errno.ENOENT, KernelFile.Open(_host.Files, "/sys/fs/cgroup/a/memory.stat"u8, KernelFileAccess.Read, out _));
    }

    [Fact]
    public void One_without_the_controller_charges_the_one_above()
    {
        SimulatedMemcg bare = _host.Cgroups.Make("/a/bare", hasController: false);
        SimulatedMemcg below = _host.Cgroups.Make("/a/bare/below");
        SimulatedFolio page = below.Allocate(PageKind.Anon, 4096)[0];
        Assert.Equal(bare.Parent!.Inode, _host.Owner(page.Frame));
        Assert.Equal(["/", "/a"], Walk().InOrder.Select(memcg => Encoding.UTF8.GetString(memcg.Path)));
        Assert.Equal(Errno.ENOENT, KernelFile.Open(_host.Files, "/sys/fs/cgroup/a/bare/memory.stat"u8, KernelFileAccess.Read, out _));
    }

    [Fact]
    public void A_charge_can_move()
    {
        SimulatedMemcg a = _host.MakeMemcg("/a");
        SimulatedMemcg b = _host.MakeMemcg("/b");
        SimulatedFolio page = a.Allocate(PageKind.File, 4096)[0];
        _host.Memory.MoveCharge(page, b);
        Assert.Equal((0, 1), (_host.Stat(a, "file"), _host.Stat(b, "file")));
        Assert.Equal((0L, 4096L), (a.CurrentBytes, b.CurrentBytes));
        Assert.Equal(b.Inode, _host.Owner(page.Frame));
        _host.Memory.MoveCharge(page, null);
        Assert.Equal(0UL, _host.Owner(page.Frame));
        Assert.Equal(0, _host.Stat(_host.Root, "file"));
        Assert.Equal(1, _host.VmStat("nr_file_pages"));
    }

    [Fact]
    public void Memory_stat_is_late_by_no_more_than_its_lag()
    {
        SimulatedHost host = new(new SimulatedHostOptions { Frames = 4096, StatLag = 40 });
        SimulatedMemcg a = host.MakeMemcg("/a");
        long latest = 0;
        for (int pages = 1; pages <= 100; pages++)
        {
            a.Allocate(PageKind.File, 4096);
            latest = Math.Max(latest, pages - host.Stat(a, "inactive_file"));
        }

        Assert.Equal(40, latest);
        Assert.Equal(82, host.Stat(a, "inactive_file"));
        Assert.Equal(100 * 4096, a.CurrentBytes);
    }

    private MemcgTree Walk()
    {
        MemcgTree tree = new(_host.Files, MemcgHierarchy.Find(_host.Files, out _)!);
        Assert.Equal(Errno.None, tree.Refresh());
        return tree;
    }
}
