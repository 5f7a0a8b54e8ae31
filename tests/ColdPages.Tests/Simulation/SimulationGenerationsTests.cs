using System.Globalization;
using System.Text;
using ColdPages.Simulation;

namespace ColdPages.Tests;

/// <summary>The multi-generational LRU of a simulated host does what kernels were seen to do: 6.12, and 7.2 where it is another.</summary>
public sealed class SimulationGenerationsTests
{
    private const int Page = 4096;

    [Theory]
    [InlineData(false, "memcg     1 /\n node     0\n          0       2000          0           0 \n          1       2000          0           0 \n          2       2000          0           0 \n          3       2000          0           0 \nmemcg     2 /a\n")]
    [InlineData(true, "memcg 1 /\n node     0\n          0       2000          0           0 \n          1       2000          0           0 \n          2       2000          0           0 \n          3       2000          0           0 \nmemcg 15 /a\n")]
    public void It_looks_as_the_kernels(bool isNew, string expected)
    {
        SimulatedHost host = Host(isNew);
        host.MakeMemcg("/a");
        host.Advance(TimeSpan.FromSeconds(2));
        Assert.StartsWith(expected, host.Text(LruGen.Name), StringComparison.Ordinal);
        Assert.Equal("0x0007\n", host.Text("/sys/kernel/mm/lru_gen/enabled"));
        Assert.Equal("0\n", host.Text("/sys/kernel/mm/lru_gen/min_ttl_ms"));
    }

    [Fact]
    public void A_host_has_none_unless_it_is_asked_for()
    {
        SimulatedHost host = new();
        Assert.Equal(Errno.ENOENT, KernelFile.Open(host.Files, LruGen.Path, KernelFileAccess.Read, out KernelFile _));
        Assert.False(LruGen.IsEnabled(host.Files));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_was_touched_since_the_last_generation_goes_to_the_youngest(bool isNew)
    {
        SimulatedHost host = Host(isNew);
        SimulatedMemcg a = host.MakeMemcg("/a");
        SimulatedFolio[] pages = a.Allocate(PageKind.Anon, 100 * Page);
        a.Allocate(PageKind.Shmem, 10 * Page);
        Assert.Equal(isNew ? [0, 0, 110, 0] : [0, 0, 0, 110], Anon(host, "/a"));
        host.Age(a);
        Assert.Equal([0, 0, 110, 0], Anon(host, "/a"));
        host.Age(a);
        Assert.Equal([0, 110, 0, 0], Anon(host, "/a"));
        host.Age(a, 2);
        Assert.Equal([110, 0, 0, 0], Anon(host, "/a"));
        Array.ForEach(pages[..40], page => page.Touch());
        host.Age(a);
        Assert.Equal([70, 0, 40, 0], Anon(host, "/a"));
        Assert.Equal((40, 70), (host.Stat(a, "active_anon"), host.Stat(a, "inactive_anon")));
        HostInvariants.Check(host);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Each_node_has_its_own_generations(bool isNew)
    {
        SimulatedHost host = new(Options(isNew) with { Nodes = 2 });
        SimulatedMemcg a = host.MakeMemcg("/a");
        host.Memory.Allocate(a, PageKind.Anon);
        SimulatedFolio far = host.Memory.Allocate(a, PageKind.Anon, order: 0, frame: 4095);
        Assert.Equal(Errno.None, host.Command($"+ {a.LruGenId} 1 3 1 1"));
        Assert.Equal([0, 0, 0, 0, 1, 1, 1, 1], GenerationRows.Of(host, "/a").Select(row => row.Node));
        Assert.Equal([3, 4], GenerationRows.Of(host, "/a").GroupBy(row => row.Node).Select(rows => rows.Max(row => row.Generation)));
        Assert.False(far.Has(FolioFlags.Accessed));

        // What is migrated from one to the other is on the other's list.
        host.Memory.Migrate(far, 7);
        Assert.Equal([2, 0], GenerationRows.Of(host, "/a").GroupBy(row => row.Node).Select(rows => rows.Sum(row => row.Anon)));
    }

    [Theory]
    [InlineData(false, "+ 9 0 3 1 1", "EINVAL")]
    [InlineData(false, "+ 2 1 3 1 1", "EINVAL")]
    [InlineData(false, "+ 2 0 4 1 1", "EINVAL")]
    [InlineData(false, "+ 2 0 3 201 1", "EINVAL")]
    [InlineData(false, "+ 2 0", "EINVAL")]
    [InlineData(false, "+ 2 0 3 x", "EINVAL")]
    [InlineData(false, "* 2 0 3", "EINVAL")]
    [InlineData(false, "+ 2 0 2 1 1", "None", 3)]
    [InlineData(true, "+ 15 0 2 1 1", "None", 4)]
    [InlineData(false, "+ 2 0 3", "None", 4)]
    [InlineData(false, "+ 2 0 3 1 1\n+ 2 0 4 1,  + 2 0 5 ;\n", "None", 6)]
    [InlineData(false, "+ 2 0 3 1 1\n+ 2 0 9\n+ 2 0 4", "EINVAL", 4)]
    public void Commands_are_obeyed_or_refused(bool isNew, string command, string errno, long youngest = 3)
    {
        SimulatedHost host = Host(isNew);
        SimulatedMemcg a = host.MakeMemcg("/a");
        Assert.Equal(errno, host.Command(command).ToString());
        Assert.Equal(youngest, a.Generations[0].Youngest);
    }

    [Theory]
    [InlineData(false, "None")]
    [InlineData(true, "EEXIST")]
    public void While_somebody_else_walks_page_tables_no_generation_is_made(bool isNew, string errno)
    {
        SimulatedHost host = Host(isNew);
        SimulatedMemcg a = host.MakeMemcg("/a");
        a.Generations[0].IsWalked = true;
        Assert.Equal(errno, host.Command($"+ {a.LruGenId} 0 3 1 1").ToString());
        Assert.Equal(3, a.Generations[0].Youngest);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_touch_by_a_process_of_another_memcg_is_not_seen(bool isNew)
    {
        SimulatedHost host = Host(isNew);
        SimulatedMemcg a = host.MakeMemcg("/a");
        SimulatedMemcg b = host.MakeMemcg("/b");
        SimulatedProcess other = host.Processes.Start(b);
        SimulatedFolio shared = a.Allocate(PageKind.Shmem, Page)[0];
        host.Age(a, 4);
        host.Memory.Touch(shared, other);
        host.Age(a);
        host.Age(b);
        Assert.Equal([1, 0, 0, 0], Anon(host, "/a"));

        // A process that moves in is looked at, with what it touched before.
        other.Memcg = a;
        host.Age(a);
        Assert.Equal([0, 0, 1, 0], Anon(host, "/a"));
        a.Process.Memcg = b;
        shared.Touch();
        host.Age(a, 3);
        Assert.Equal([1, 0, 0, 0], Anon(host, "/a"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_process_that_is_busy_with_its_mappings_is_passed_over(bool isNew)
    {
        SimulatedHost host = Host(isNew);
        SimulatedMemcg a = host.MakeMemcg("/a");
        a.Allocate(PageKind.Anon, Page)[0].Touch();
        host.Age(a, 4);
        host.Memory.Folios().First().Touch();
        a.Process.IsBusy = true;
        host.Age(a);
        Assert.Equal([1, 0, 0, 0], Anon(host, "/a"));
        a.Process.IsBusy = false;
        host.Age(a);
        Assert.Equal([0, 0, 1, 0], Anon(host, "/a"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Reading_by_calls_moves_no_generation(bool isNew)
    {
        SimulatedHost host = Host(isNew);
        SimulatedMemcg a = host.MakeMemcg("/a");
        SimulatedFolio page = a.Allocate(PageKind.File, Page)[0];
        host.Age(a, 3);
        for (int i = 0; i < 6; i++)
            page.Read();
        Assert.True(page.Has(FolioFlags.WorkingSet));
        host.Age(a);
        Assert.Equal([1, 0, 0, 0], File(host, "/a"));
    }

    [Theory]
    [InlineData(false, new long[] { 0, 1, 0, 0 }, new long[] { 0, 0, 0, 1 })]
    [InlineData(true, new long[] { 1, 0, 0, 0 }, new long[] { 0, 1, 0, 0 })]
    public void Fresh_page_cache_begins_in_an_old_generation(bool isNew, long[] read, long[] faulted)
    {
        SimulatedHost host = Host(isNew);
        SimulatedMemcg a = host.MakeMemcg("/a");
        host.Memory.Allocate(a, PageKind.File);
        Assert.Equal(read, File(host, "/a"));
        host.Memory.Allocate(host.MakeMemcg("/b"), PageKind.File, byFault: true);
        Assert.Equal(faulted, File(host, "/b"));
    }

    [Theory]
    [InlineData(false, 2)]
    [InlineData(true, 0)]
    public void Mapped_page_cache_that_was_read_ahead_can_stay_in_the_oldest_however_often_it_is_touched(bool isNew, int generation)
    {
        SimulatedHost host = Host(isNew);
        SimulatedMemcg a = host.MakeMemcg("/a");
        SimulatedFolio page = a.Allocate(PageKind.File, Page)[0];
        page.Set(FolioFlags.Referenced, on: false); // Nobody has read it.
        for (int i = 0; i < 8; i++)
        {
            page.Touch();
            host.Age(a);
        }

        Assert.Equal(generation, Array.IndexOf(File(host, "/a"), 1));
        SimulatedFolio faulted = host.Memory.Allocate(a, PageKind.File, byFault: true);
        for (int i = 0; i < 8; i++)
        {
            faulted.Touch();
            host.Age(a);
        }

        Assert.Equal(1, File(host, "/a")[2]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Memory_that_is_given_up_moved_or_unlocked_changes_its_generation(bool isNew)
    {
        SimulatedHost host = Host(isNew);
        SimulatedMemcg a = host.MakeMemcg("/a");
        SimulatedFolio[] pages = a.Allocate(PageKind.Anon, 10 * Page);
        host.Age(a, 4);
        Array.ForEach(pages[..5], host.Memory.LazyFree);
        Assert.Equal([5, 0, 0, 0], Anon(host, "/a"));
        Assert.Equal([0, 5, 0, 0], File(host, "/a"));
        Array.ForEach(pages[5..8], page => host.Memory.SetMlocked(page, locked: true));
        Assert.Equal([2, 0, 0, 0], Anon(host, "/a"));
        Array.ForEach(pages[5..8], page => host.Memory.SetMlocked(page, locked: false));
        host.Memory.Migrate(pages[8]);
        Assert.Equal([1, 0, 4, 0], Anon(host, "/a"));
        HostInvariants.Check(host);
    }

    [Theory]
    [InlineData(false, 2)]
    [InlineData(true, 0)]
    public void Memory_that_was_advised_to_be_cold_can_stay_in_the_oldest_however_often_it_is_touched(bool isNew, int generation)
    {
        SimulatedHost host = Host(isNew);
        SimulatedMemcg a = host.MakeMemcg("/a");
        SimulatedFolio page = a.Allocate(PageKind.Anon, Page)[0];
        host.Age(a, 4);
        host.Memory.AdviseCold(page);
        for (int i = 0; i < 5; i++)
        {
            page.Touch();
            host.Age(a);
        }

        Assert.Equal(generation, Array.IndexOf(Anon(host, "/a"), 1));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Without_anonymous_memory_the_coldest_becomes_the_youngest(bool isNew)
    {
        SimulatedHost host = Host(isNew);
        SimulatedMemcg a = host.MakeMemcg("/a");
        SimulatedFolio[] pages = a.Allocate(PageKind.Anon, 10 * Page);
        host.Age(a, 4);
        Array.ForEach(pages[..3], page => page.Touch());
        Assert.Equal(Errno.None, host.Command($"+ {a.LruGenId} 0 7 0 1"));
        Assert.Equal([0, 0, 0, 10], Anon(host, "/a"));
        Assert.Equal((10, 0), (host.Stat(a, "active_anon"), host.Stat(a, "inactive_anon")));

        // The short form does so too on a host without swap.
        SimulatedHost swapless = new(Options(isNew) with { SwapBytes = 0 });
        a = swapless.MakeMemcg("/a");
        a.Allocate(PageKind.Anon, 10 * Page);
        swapless.Age(a, 4);
        Assert.Equal(Errno.None, swapless.Command($"+ {a.LruGenId} 0 7"));
        Assert.Equal([0, 0, 0, 10], Anon(swapless, "/a"));
    }

    [Fact]
    public void Generations_that_were_asked_for_before_are_not_made_unless_forced()
    {
        SimulatedHost host = Host(isNew: false);
        SimulatedMemcg a = host.MakeMemcg("/a");
        Assert.Equal(34, (int)host.Command($"+ {a.LruGenId} 0 3 1 0")); // ERANGE
        Assert.Equal(3, a.Generations[0].Youngest);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Reclaim_makes_generations_and_evicts_the_oldest(bool isNew)
    {
        SimulatedHost host = Host(isNew);
        SimulatedMemcg a = host.MakeMemcg("/a");
        SimulatedFolio[] pages = a.Allocate(PageKind.Anon, 20 * Page);
        host.Age(a, 2);
        Array.ForEach(pages[..5], page => page.Touch());
        host.Memory.Reclaim(a, 8);
        host.Memory.Reclaim(a, 7);
        Assert.Equal((15, 5), (host.Memory.Swapped, pages.Count(page => !page.IsFree)));
        Assert.DoesNotContain(pages[..5], page => page.IsFree);
        Assert.InRange(host.Number("/sys/fs/cgroup/a/memory.stat", "pgscan"), 15, 20);
        Assert.Equal(15 * Page, long.Parse(host.Text("/sys/fs/cgroup/a/memory.swap.current"), CultureInfo.InvariantCulture));
        HostInvariants.Check(host);

        // By a fault it is young; read ahead it is not, and nobody has touched it.
        host.Age(a, 4);
        Assert.NotNull(host.Memory.SwapIn(byFault: true));
        Assert.Equal(1, Anon(host, "/a")[isNew ? 2 : 3]);
        SimulatedFolio ahead = Assert.IsType<SimulatedFolio>(host.Memory.SwapIn(byFault: false));
        Assert.Equal(1, Anon(host, "/a")[..2].Sum() - 5);
        Assert.True(ahead.TouchNumber <= pages[19].TouchNumber);
        Assert.Equal(2, host.VmStat("pswpin"));
        long youngest = a.Generations[0].Youngest;
        host.Memory.Reclaim(a, 7);
        Assert.True(a.Generations[0].Youngest > youngest);
        HostInvariants.Check(host);
    }

    [Fact]
    public void What_a_removed_memcg_has_stays_listed_with_the_number_0()
    {
        SimulatedHost host = Host(isNew: false);
        SimulatedMemcg b = host.MakeMemcg("/a/b");
        b.Allocate(PageKind.File, 5 * Page);
        b.Remove();
        Assert.Equal([0, 5, 0, 0], GenerationRows.Of(host, "/a/b").Select(row => row.File));
        Assert.All(GenerationRows.Of(host, "/a/b"), row => Assert.Equal(0UL, row.Id));
        Assert.Equal(Errno.EINVAL, host.Command("+ 0 0 3 1 1"));

        // Its number is another's next, and so is its name.
        Assert.Equal(3UL, host.MakeMemcg("/a/b").LruGenId);
        Assert.Equal([5, 0], GenerationRows.Of(host, "/a/b").GroupBy(row => row.Id).OrderBy(rows => rows.Key).Select(rows => rows.Sum(row => row.File)));
        Array.ForEach([.. host.Folios], folio => folio.Free());
        Assert.Equal(4, GenerationRows.Of(host, "/a/b").Count);
    }

    [Fact]
    public void What_a_removed_memcg_has_becomes_its_parents_by_the_numbers_of_its_generations()
    {
        SimulatedHost host = Host(isNew: true);
        SimulatedMemcg a = host.MakeMemcg("/a");
        SimulatedMemcg b = host.MakeMemcg("/a/b");
        b.Allocate(PageKind.File, 5 * Page);
        b.Allocate(PageKind.Anon, 7 * Page);
        host.Age(b, 13);
        host.Age(a, 2);

        // Its oldest, 13, is one of four where its parent's second youngest, 4, is 0 and 5 is 1.
        b.Remove();
        Assert.Equal([0, 0, 0, 5], File(host, "/a"));
        Assert.Equal([0, 0, 0, 7], Anon(host, "/a"));
        Assert.Equal(0, GenerationRows.Of(host, "/a/b").Sum(row => row.File + row.Anon));
        Assert.Equal((7, 7), (host.Stat(a, "anon"), host.Stat(a, "active_anon")));
        HostInvariants.Check(host);
        host.Age(a, 3);
        Assert.Equal([5, 0, 0, 0], File(host, "/a"));
    }

    [Fact]
    public void Aging_takes_a_touch_from_the_idle_bitmap_and_marking_one_from_aging()
    {
        SimulatedHost host = Host(isNew: false);
        SimulatedMemcg a = host.MakeMemcg("/a");
        SimulatedFolio page = a.Allocate(PageKind.Anon, Page)[0];
        host.Age(a, 4);
        host.MarkAll();
        page.Touch();
        host.Age(a);
        Assert.Equal([0, 0, 1, 0], Anon(host, "/a"));
        Assert.True(host.IsIdle(page.Frame));

        page.Touch();
        host.MarkAll();
        host.Age(a);
        Assert.Equal([0, 1, 0, 0], Anon(host, "/a"));
    }

    [Theory]
    [InlineData(7, true)]
    [InlineData(0, false)]
    public void While_it_is_on_reading_by_calls_leaves_the_idle_flag(int features, bool isIdle)
    {
        SimulatedHost host = Host(isNew: false);
        SimulatedMemcg a = host.MakeMemcg("/a");
        host.Memory.SwitchLruGen((LruGenFeatures)features);
        SimulatedFolio page = a.Allocate(PageKind.File, Page)[0];
        host.MarkAll();
        page.Read();
        Assert.Equal(isIdle, host.IsIdle(page.Frame));
        host.MarkAll();
        host.Memory.Write(page);
        Assert.False(host.IsIdle(page.Frame));
    }

    [Fact]
    public void Switched_off_its_folios_are_on_the_lists_before_it_and_switched_on_in_generations_again()
    {
        SimulatedHost host = Host(isNew: false);
        SimulatedMemcg a = host.MakeMemcg("/a");
        SimulatedFolio[] pages = a.Allocate(PageKind.Anon, 10 * Page);
        host.Age(a, 4);
        Array.ForEach(pages[..4], page => page.Touch());
        host.Age(a);
        host.Memory.SwitchLruGen(LruGenFeatures.None);
        Assert.Equal("0x0000\n", host.Text("/sys/kernel/mm/lru_gen/enabled"));
        Assert.Equal([0, 0, 0, 0], Anon(host, "/a"));
        Assert.Equal((4, 6), (host.Stat(a, "active_anon"), host.Stat(a, "inactive_anon")));
        Assert.Equal(Errno.EINVAL, host.Command($"+ {a.LruGenId} 0 8 1 1"));
        host.Memory.SwitchLruGen(LruGenFeatures.Core);
        Assert.Equal([0, 0, 6, 4], Anon(host, "/a"));

        // Without page table walks nobody looks.
        pages[9].Touch();
        host.Age(a);
        Assert.Equal([0, 6, 4, 0], Anon(host, "/a"));
        HostInvariants.Check(host);
    }

    [Fact]
    public void Processes_say_what_they_map_and_where_they_are()
    {
        SimulatedHost host = Host(isNew: false);
        SimulatedMemcg a = host.MakeMemcg("/a");
        SimulatedMemcg b = host.MakeMemcg("/a/b");
        SimulatedProcess other = host.Processes.Start(a);
        SimulatedFolio[] anon = b.Allocate(PageKind.Anon, 3 * Page);
        SimulatedFolio[] shmem = b.Allocate(PageKind.Shmem, 2 * Page);
        SimulatedFolio file = b.Allocate(PageKind.File, Page)[0];
        host.Memory.Touch(shmem[0], other);
        host.Memory.Touch(file, other);
        host.Memory.Touch(anon[0], other);
        Assert.Equal("0::/a/b\n", host.Text($"/proc/{b.Process.Pid}/cgroup"));
        Assert.Equal(new ProcessMemory(3 * Page, 2 * Page), ProcessMemory.Parse(Encoding.UTF8.GetBytes(host.Text($"/proc/{b.Process.Pid}/status"))));
        Assert.Equal(new ProcessMemory(Page, Page), ProcessMemory.Parse(Encoding.UTF8.GetBytes(host.Text($"/proc/{other.Pid}/status"))));
        Assert.Contains("RssFile:\t4 kB\n", host.Text($"/proc/{other.Pid}/status"), StringComparison.Ordinal);

        other.Memcg = b;
        b.Remove();
        Assert.Equal("0::/a\n", host.Text($"/proc/{other.Pid}/cgroup"));
        Assert.Equal("0::/a\n", host.Text($"/proc/{b.Process.Pid}/cgroup"));

        List<int> pids = [];
        Assert.Equal(Errno.None, ProcessList.Read(host.Files, new DirectoryListing(), pids));
        Assert.Equal([host.Root.Process.Pid, a.Process.Pid, b.Process.Pid, other.Pid], pids);
        host.Processes.Exit(other);
        Assert.Equal(Errno.None, ProcessList.Read(host.Files, new DirectoryListing(), pids));
        Assert.DoesNotContain(other.Pid, pids);
        Assert.False(file.Has(FolioFlags.Mapped));
        Assert.True(anon[0].Has(FolioFlags.Mapped));
        HostInvariants.Check(host);
    }

    private static SimulatedHostOptions Options(bool isNew) => new() { Frames = 4096, HasMultiGenLru = true, HasNewLruGen = isNew };

    private static SimulatedHost Host(bool isNew) => new(Options(isNew));

    private static long[] Anon(SimulatedHost host, string path) => [.. GenerationRows.Of(host, path).Select(row => row.Anon)];

    private static long[] File(SimulatedHost host, string path) => [.. GenerationRows.Of(host, path).Select(row => row.File)];
}
