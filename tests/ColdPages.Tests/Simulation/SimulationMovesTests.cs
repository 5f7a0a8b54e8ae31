using ColdPages.Simulation;

namespace ColdPages.Tests;

/// <summary>Folios of a simulated host that move, split, collapse or change their list, and the counters that tell.</summary>
public sealed class SimulationMovesTests
{
    private readonly SimulatedHost _host = new(new SimulatedHostOptions { Frames = 4096 });
    private readonly SimulatedMemcg _a;

    public SimulationMovesTests() => _a = _host.MakeMemcg("/a");

    [Fact]
    public void A_migrated_folio_takes_its_flag_along_onto_a_frame_freed_before()
    {
        SimulatedMemcg b = _host.MakeMemcg("/b");
        SimulatedFolio left = _a.Allocate(PageKind.Anon, 4096)[0];
        SimulatedFolio moved = b.Allocate(PageKind.Anon, 4096)[0];
        _host.MarkAll();
        left.Free();
        _host.Memory.Migrate(moved, frame: 0);

        // Idle before and after, and now another's: no bit of the bitmap tells.
        Assert.True(_host.IsIdle(0));
        Assert.Equal(b.Inode, _host.Owner(0));
        Assert.Equal(PageFlagBits.Buddy, _host.Flags(1));
        Assert.Equal(0, moved.Frame);
        Assert.Equal(1, _host.VmStat("pgmigrate_success"));

        moved.Touch();
        _host.Memory.Migrate(moved);
        Assert.Equal(1, moved.Frame);
        Assert.False(_host.IsIdle(1));
    }

    [Fact]
    public void A_migration_counts_base_pages_and_puts_back_what_was_isolated()
    {
        SimulatedFolio huge = _a.Allocate(PageKind.Shmem, 1, order: 9)[0];
        _host.Memory.Isolate(huge);
        _host.Memory.Migrate(huge, frame: 1024);
        Assert.Equal(LruState.OnList, huge.Lru);
        Assert.Equal(512, _host.VmStat("pgmigrate_success"));
        Assert.Equal(512, _host.Stat(_a, "inactive_anon"));
        Assert.Throws<InvalidOperationException>(() => _host.Memory.Migrate(huge, frame: 1024));
        Assert.Throws<ArgumentException>(() => _host.Memory.Migrate(huge, frame: 100));
    }

    [Fact]
    public void A_split_keeps_the_heads_bit_and_gives_the_flag_to_the_pieces()
    {
        SimulatedFolio huge = _a.Allocate(PageKind.Anon, 1, order: 9)[0];
        _host.MarkAll();
        Assert.Equal(512, _host.Stat(_a, "anon_thp"));
        _host.Memory.UnmapTails(huge, 412);
        Assert.Equal(0, _host.Stat(_a, "anon_thp"));
        Assert.Equal(100, _host.Stat(_a, "anon"));
        Assert.Equal(512, _host.Stat(_a, "inactive_anon"));
        Assert.Equal(1, _host.VmStat("thp_deferred_split_page"));
        Assert.Equal(0, _host.VmStat("thp_split_page"));

        List<SimulatedFolio> pieces = _host.Memory.Split(huge);
        Assert.Equal(Enumerable.Range(0, 100), pieces.Select(piece => piece.Frame));
        Assert.Same(huge, pieces[0]);
        Assert.All(pieces, piece => Assert.Equal((1, PageKind.Anon, _a, huge.LastTouched), (piece.Pages, piece.Kind, piece.Memcg, piece.LastTouched)));
        Assert.Equal([ulong.MaxValue, (1UL << 36) - 1, 0], _host.Bits()[..3]);
        Assert.Equal(PageFlagBits.Buddy, _host.Flags(100));
        Assert.Equal(100, _host.Stat(_a, "inactive_anon"));
        Assert.Equal(0, _host.Stat(_a, "anon_thp"));
        Assert.Equal(1, _host.VmStat("thp_split_page"));
    }

    [Fact]
    public void Accessed_bits_of_anonymous_memory_outlive_a_split_and_those_of_a_file_do_not()
    {
        SimulatedFolio anon = _a.Allocate(PageKind.Anon, 1, order: 3)[0];
        SimulatedFolio file = _a.Allocate(PageKind.File, 1, order: 3)[0];
        file.Touch();
        _host.MarkAll();
        anon.Touch();
        file.Touch();
        Assert.Equal(8, _host.Stat(_a, "file_mapped"));
        _host.Memory.Split(anon);
        _host.Memory.Split(file);
        Assert.Equal(0xff00UL, _host.Bits()[0]);
        Assert.Equal(0, _host.Stat(_a, "file_mapped"));
    }

    [Fact]
    public void Splits_below_a_huge_page_are_counted_in_sysfs_alone()
    {
        SimulatedFolio folio = _a.Allocate(PageKind.Anon, 1, order: 4)[0];
        _host.Memory.UnmapTails(folio, 3);
        Assert.Equal("1\n", _host.Text("/sys/kernel/mm/transparent_hugepage/hugepages-64kB/stats/split_deferred"));
        Assert.Equal(4, _host.Memory.Split(folio, order: 2).Count);
        Assert.Equal("1\n", _host.Text("/sys/kernel/mm/transparent_hugepage/hugepages-64kB/stats/split"));
        Assert.Equal("0\n", _host.Text("/sys/kernel/mm/transparent_hugepage/hugepages-2048kB/stats/split"));
        Assert.Equal(0, _host.VmStat("thp_split_page") + _host.VmStat("thp_deferred_split_page"));
        Assert.Equal(13, _host.Stat(_a, "anon"));
        Assert.Equal(16, _host.Stat(_a, "inactive_anon"));
    }

    [Fact]
    public void A_huge_page_of_shared_memory_that_is_unmapped_in_part_loses_its_accessed_bit_and_keeps_its_mark()
    {
        SimulatedFolio huge = _a.Allocate(PageKind.Shmem, 1, order: 9)[0];
        _host.MarkAll();
        huge.Touch();
        _host.Memory.UnmapTails(huge, 256);
        Assert.True(_host.IsIdle(huge.Frame));
        Assert.Equal(PageFlagBits.Referenced, _host.Flags(huge.Frame) & (PageFlagBits.Referenced | PageFlagBits.Mmap));
        Assert.Equal((1, 0), (_host.VmStat("thp_split_pmd"), _host.VmStat("thp_deferred_split_page")));
        Assert.Throws<InvalidOperationException>(() => _host.Memory.UnmapTails(huge, 1));
    }

    [Fact]
    public void Only_large_folios_on_a_list_or_isolated_are_split()
    {
        SimulatedFolio page = _a.Allocate(PageKind.Anon, 1)[0];
        SimulatedFolio large = _a.Allocate(PageKind.Anon, 1, order: 2)[0];
        Assert.Throws<InvalidOperationException>(() => _host.Memory.Split(page));
        Assert.Throws<InvalidOperationException>(() => _host.Memory.UnmapTails(page, 1));
        Assert.Throws<InvalidOperationException>(() => _host.Memory.UnmapTails(large, 4));
        Assert.Throws<InvalidOperationException>(() => _host.Memory.Split(large, order: 2));
        _host.Memory.QueueMove(large);
        Assert.Throws<InvalidOperationException>(() => _host.Memory.Split(large));
    }

    [Fact]
    public void A_collapse_frees_small_pages_and_makes_a_huge_one_that_looks_touched()
    {
        SimulatedFolio[] small = _a.Allocate(PageKind.Anon, 500 * 4096);
        _host.MarkAll();
        _host.Advance(TimeSpan.FromSeconds(1));
        SimulatedFolio huge = _host.Memory.Collapse(small);
        Assert.Equal(512, huge.Frame);
        Assert.All(small, page => Assert.True(page.IsFree));
        Assert.False(_host.IsIdle(512));
        Assert.True(huge.IdleFor > TimeSpan.FromSeconds(1));
        Assert.Equal(512, _host.Stat(_a, "anon"));
        Assert.Equal(1, _host.VmStat("thp_collapse_alloc"));
        Assert.Throws<InvalidOperationException>(() => _host.Memory.Collapse([huge, _a.Allocate(PageKind.Anon, 1)[0]]));
    }

    [Fact]
    public void Lazily_freed_memory_stays_idle_and_anonymous_and_goes_to_the_file_list()
    {
        SimulatedFolio folio = _a.Allocate(PageKind.Anon, 1, order: 2)[0];
        _host.MarkAll();
        folio.Touch();
        _host.Memory.LazyFree(folio);
        Assert.True(_host.IsIdle(0));
        Assert.Equal(PageFlagBits.Anon, _host.Flags(0) & (PageFlagBits.Anon | PageFlagBits.SwapBacked));
        Assert.Equal((4, 0, 4), (_host.Stat(_a, "anon"), _host.Stat(_a, "inactive_anon"), _host.Stat(_a, "inactive_file")));
        Assert.Equal(4, _host.VmStat("pglazyfree"));
        _host.Memory.LazyFree(folio);
        Assert.Equal(4, _host.Number("/sys/fs/cgroup/a/memory.stat", "pglazyfree"));
    }

    [Fact]
    public void Touches_that_leave_no_trace_are_known_to_the_host_alone()
    {
        SimulatedFolio unseen = _a.Allocate(PageKind.Anon, 1)[0];
        SimulatedFolio advised = _a.Allocate(PageKind.Anon, 1)[0];
        _host.MarkAll();
        _host.Advance(TimeSpan.FromSeconds(1));
        _host.Memory.TouchUnseen(unseen);
        advised.Touch();
        _host.Memory.AdviseCold(advised);
        Assert.Equal(0b11UL, _host.Bits()[0]);
        Assert.True(unseen.IdleFor < TimeSpan.FromSeconds(1));
        Assert.True(advised.TouchNumber > unseen.TouchNumber);
    }

    [Fact]
    public void Strangers_hide_touches_and_reclaim_does_not()
    {
        SimulatedFolio[] pages = _a.Allocate(PageKind.Anon, 4 * 4096);
        _host.MarkAll();
        foreach (SimulatedFolio page in pages)
            page.Touch();
        pages[0].MarkByDamon();
        pages[1].ClearAccessed();
        _host.Memory.ScanByReclaim(pages[2]);
        Assert.Equal(0b0011UL, _host.Bits()[0]);
        Assert.Equal((1, 1), (_host.VmStat("pgscan_kswapd"), _host.VmStat("pgscan_anon")));
        Assert.Equal(1, _host.Number("/sys/fs/cgroup/a/memory.stat", "pgscan"));
        Assert.Equal(1, _host.Stat(_a, "active_anon"));

        // DAMON marks what nobody has marked before.
        SimulatedFolio fresh = _a.Allocate(PageKind.Anon, 1)[0];
        fresh.MarkByDamon();
        Assert.True(_host.IsIdle(fresh.Frame));
    }

    [Fact]
    public void Unmapping_a_file_says_what_its_accessed_bit_said()
    {
        SimulatedFolio[] pages = _a.Allocate(PageKind.File, 2 * 4096);
        pages[0].Touch();
        pages[1].Touch();
        _host.MarkAll();
        pages[0].Touch();
        _host.Memory.Unmap(pages[0]);
        _host.Memory.Unmap(pages[1]);
        Assert.Equal(0b10UL, _host.Bits()[0]);
        Assert.Equal(0, _host.Stat(_a, "file_mapped"));
    }

    [Fact]
    public void Fresh_pages_wait_for_their_batch()
    {
        SimulatedHost host = new(new SimulatedHostOptions { Frames = 4096, FreshBatch = 4 });
        SimulatedMemcg a = host.MakeMemcg("/a");
        a.Allocate(PageKind.Anon, 3 * 4096);
        host.MarkAll();
        Assert.Equal(0UL, host.Bits()[0]);
        Assert.Equal((3, 0), (host.Stat(a, "anon"), host.Stat(a, "inactive_anon")));
        a.Allocate(PageKind.Anon, 4096);
        Assert.Equal(4, host.Stat(a, "inactive_anon"));
        host.MarkAll();
        Assert.Equal(0b1111UL, host.Bits()[0]);

        SimulatedFolio waits = a.Allocate(PageKind.Anon, 4096)[0];
        a.Allocate(PageKind.Anon, 2 * 4096, order: 1);
        Assert.Equal(LruState.OnList, waits.Lru);
        SimulatedFolio freed = a.Allocate(PageKind.Anon, 4096)[0];
        freed.Free();
        SimulatedFolio last = a.Allocate(PageKind.Anon, 4096)[0];
        host.Memory.DrainBatches();
        Assert.Equal(LruState.OnList, last.Lru);
        Assert.Equal(8, host.Stat(a, "inactive_anon"));
    }

    [Fact]
    public void A_migrated_folio_waits_for_its_batch()
    {
        SimulatedHost host = new(new SimulatedHostOptions { Frames = 4096, FreshBatch = 4 });
        SimulatedMemcg a = host.MakeMemcg("/a");
        SimulatedFolio page = a.Allocate(PageKind.Anon, 4096)[0];
        host.Memory.DrainBatches();
        host.MarkAll();
        host.Memory.Migrate(page, frame: 100);
        Assert.Equal((1, 0), (host.Stat(a, "anon"), host.Stat(a, "inactive_anon")));
        Assert.False(host.IsIdle(100));
        Assert.Equal(PageFlagBits.Idle, host.Flags(100) & (PageFlagBits.Idle | PageFlagBits.Lru));
        host.Memory.DrainBatches();
        Assert.Equal(1, host.Stat(a, "inactive_anon"));
        Assert.True(host.IsIdle(100));
    }

    [Fact]
    public void Locking_into_memory_is_an_access()
    {
        SimulatedFolio huge = _a.Allocate(PageKind.Anon, 1, order: 9)[0];
        SimulatedFolio[] pages = _a.Allocate(PageKind.Anon, 2 * 4096);
        _host.MarkAll();
        _host.Advance(TimeSpan.FromSeconds(1));
        _host.Memory.SetMlocked(huge, locked: true);
        _host.Memory.SetMlocked(pages[0], locked: true);
        Assert.Equal((PageFlagBits.Idle, PageFlagBits.Referenced), (AccessOf(huge), AccessOf(pages[0])));
        Assert.Equal([false, false, true], [_host.IsIdle(0), _host.IsIdle(512), _host.IsIdle(513)]);
        Assert.True(huge.LastTouched > pages[1].LastTouched);

        ulong AccessOf(SimulatedFolio folio) => _host.Flags(folio.Frame) & (PageFlagBits.Idle | PageFlagBits.Referenced);
    }

    [Fact]
    public void A_write_by_call_clears_the_mark_alone()
    {
        SimulatedFolio file = _a.Allocate(PageKind.File, 4096)[0];
        _host.MarkAll();
        _host.Memory.Write(file);
        Assert.False(_host.IsIdle(0));
        Assert.Equal(1, _host.Stat(_a, "inactive_file"));
    }

    [Fact]
    public void Faults_are_counted_for_fresh_memory_and_for_mapping_a_file()
    {
        _a.Allocate(PageKind.Anon, 3 * 4096);
        _a.Allocate(PageKind.Anon, 1, order: 9);
        SimulatedFolio file = _a.Allocate(PageKind.File, 4096)[0];
        Assert.Equal(4, _host.VmStat("pgfault"));
        file.Touch();
        file.Touch();
        Assert.Equal(5, _host.Number("/sys/fs/cgroup/a/memory.stat", "pgfault"));
        Assert.Equal(1, _host.VmStat("thp_fault_alloc"));
    }

    [Fact]
    public void A_second_read_by_call_activates()
    {
        SimulatedFolio file = _a.Allocate(PageKind.File, 4096)[0];
        Assert.Equal(1, _host.Stat(_a, "inactive_file"));
        file.Read();
        Assert.Equal(1, _host.Stat(_a, "active_file"));
        Assert.Equal(1, _host.VmStat("pgactivate"));
    }

    [Fact]
    public void What_was_freed_cannot_be_used()
    {
        SimulatedFolio page = _a.Allocate(PageKind.Anon, 4096)[0];
        page.Free();
        Assert.True(page.IsFree);
        Assert.Throws<InvalidOperationException>(page.Touch);
        Assert.Throws<InvalidOperationException>(page.Read);
        Assert.Throws<InvalidOperationException>(page.Free);
        Assert.Throws<InvalidOperationException>(() => _host.Memory.Migrate(page));
    }

    [Fact]
    public void Memory_comes_from_the_lowest_place_and_can_run_out()
    {
        SimulatedFolio[] pages = _a.Allocate(PageKind.Anon, 600 * 4096);
        Assert.Equal(1024, _a.Allocate(PageKind.Anon, 1, order: 9)[0].Frame);
        Assert.Equal(608, _a.Allocate(PageKind.Anon, 1, order: 5)[0].Frame);
        pages[3].Free();
        pages[2].Free();
        Assert.Equal(600, _a.Allocate(PageKind.Anon, 1, order: 2)[0].Frame);
        Assert.Equal(2, _a.Allocate(PageKind.Anon, 1, order: 1)[0].Frame);
        Assert.Throws<InvalidOperationException>(() => _a.Allocate(PageKind.Anon, 1L << 30, order: 9));
        Assert.Throws<InvalidOperationException>(() => _host.Memory.Allocate(_a, PageKind.Anon, frame: 0));
        Assert.Throws<ArgumentException>(() => _host.Memory.Allocate(_a, PageKind.Anon, order: 1, frame: 4091));
    }

    [Fact]
    public void The_swap_cache_counts_as_file_of_the_host_besides()
    {
        SimulatedFolio page = _a.Allocate(PageKind.Anon, 4096)[0];
        _host.Memory.SetSwapCache(page, cached: true);
        Assert.Equal((1, 0, 1), (_host.Stat(_a, "anon"), _host.Stat(_a, "file"), _host.Stat(_a, "swapcached")));
        Assert.Equal(1, _host.Memory.Total(MemcgStat.File));
        Assert.Equal(1, _host.Stat(_a, "inactive_anon"));
        Assert.NotEqual(0UL, _host.Flags(0) & PageFlagBits.SwapCache);
    }
}
