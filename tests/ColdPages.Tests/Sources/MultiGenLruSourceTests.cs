namespace ColdPages.Tests;

public sealed class MultiGenLruSourceTests
{
    private const int Page = 4096;

    private readonly MultiGenLruHost _host = new();

    public MultiGenLruSourceTests() => _host.AddMemcg("/a");

    [Fact]
    public void Each_pass_makes_a_generation_and_what_was_not_touched_gets_older()
    {
        MultiGenLruPage[] pages = _host.Allocate("/a", 100);
        _host.Passes(1);
        Assert.Equal([100], Pages("/a"));
        for (int pass = 2; pass <= 6; pass++)
        {
            foreach (MultiGenLruPage page in pages[..30])
                MultiGenLruHost.Touch(page);
            _host.Passes(1);
        }

        // Two ages and what is older are told apart by the kernel; the rest by how the sizes were from pass to pass.
        Assert.Equal([30, 0, 0, 0, 0, 70], Pages("/a"));
        Assert.All(_host.Ages("/a"), bin => Assert.Equal(0, bin.ExcessBytes));
        Assert.DoesNotContain(_host.Doubts, doubt => doubt.Bytes > 0);
        Assert.Equal(6, _host.Commands);
    }

    [Theory]
    [InlineData(0)] // Of those that were touched before.
    [InlineData(50)]
    public void What_is_older_than_the_kernel_tells_apart_is_told_by_bounds(int again)
    {
        MultiGenLruPage[] pages = _host.Allocate("/a", 100);
        _host.Passes(2);
        Array.ForEach(pages[..40], MultiGenLruHost.Touch);
        _host.Passes(3);
        Array.ForEach(pages[again..(again + 30)], MultiGenLruHost.Touch);
        _host.Passes(3);

        // 60 or 30 are idle for six passes or longer, and the sizes are the same either way.
        AgeHistogram ages = _host.Ages("/a");
        Assert.Equal(new ByteBounds(100 * Page, 100 * Page), ages.BytesOlderThan(ages[2].From));
        Assert.Equal(new ByteBounds(70 * Page, 70 * Page), ages.BytesOlderThan(ages[3].From));
        Assert.Equal(new ByteBounds(30 * Page, 60 * Page), ages.BytesOlderThan(ages[6].From));
    }

    [Theory]
    [InlineData("pgfree 7\n", "pgfree 7\n", 30, 30)]
    [InlineData("pgfree 7\n", "pgfree 17\n", 20, 30)] // Ten of them may have been freed instead while the generation was made.
    [InlineData("pgfree 7\npgscan_anon 1\n", "pgfree 7\npgscan_anon 2\n", 0, 30)] // Reclaim moves pages between generations.
    [InlineData("pgfree 7\n", "pgfree 7\nnr_isolated_anon 3\n", 27, 30)]
    [InlineData("", null, 0, 100)] // As many may have come from swap.
    public void What_is_touched_after_it_was_idle_is_promoted_at_the_age_it_had(string before, string? after, int atLeast, int atMost)
    {
        MultiGenLruPage[] pages = _host.Allocate("/a", 100);
        _host.Passes(4);
        Array.ForEach(pages[..30], MultiGenLruHost.Touch);
        _host.Host.Write("/proc/vmstat", before);
        Func<string, string, IoResult>? obey = _host.Host.OnWrite;
        _host.Host.OnWrite = (file, text) =>
        {
            if (after is null)
                _host.Host.Delete("/proc/vmstat");
            else
                _host.Host.Write("/proc/vmstat", after);
            return obey!(file, text);
        };
        _host.Passes(1);

        long[] values = new long[_host.Source.Bins * 2];
        Assert.True(_host.Source.TryCopyPromotions(_host.Tree.FindText("/a")!, values));
        Assert.Equal([0, 0, 0, 0, 0, 0, atLeast * Page, atMost * Page, 0, 0], values);
    }

    [Theory]
    [InlineData("/proc/vmstat")] // Before the generations are made.
    [InlineData("/proc/100/status")] // When they are read.
    public void What_a_cancelled_pass_found_touched_is_promoted(string cancelledAt)
    {
        MultiGenLruPage[] pages = _host.Allocate("/a", 100);
        _host.Passes(4);
        Array.ForEach(pages[..30], MultiGenLruHost.Touch);
        using CancellationTokenSource cancellation = new();
        _host.Host.OnRead = (file, _, count) =>
        {
            if (file == cancelledAt)
                cancellation.Cancel();
            return IoResult.Done(count);
        };
        try
        {
            _host.Pass(cancellation.Token);
        }
        catch (OperationCanceledException)
        {
        }

        Assert.True(cancellation.IsCancellationRequested);
        _host.Host.OnRead = null;
        _host.Passes(1);
        long[] values = new long[_host.Source.Bins * 2];
        Assert.True(_host.Source.TryCopyPromotions(_host.Tree.FindText("/a")!, values));
        Assert.InRange(Enumerable.Range(0, _host.Source.Bins).Sum(bin => values[(bin * 2) + 1]), 30 * Page, 100 * Page);
    }

    [Fact]
    public void An_interval_without_end_is_no_shorter_than_anything()
    {
        _host.Host.Write("/sys/kernel/mm/lru_gen/min_ttl_ms", "1000\n");
        Assert.Null(GenerationRefusals.RefuseInterval(_host.Host, TimeSpan.MaxValue));
        Assert.NotNull(GenerationRefusals.RefuseInterval(_host.Host, TimeSpan.FromMilliseconds(300)));
    }

    [Theory]
    [InlineData(true, true, 30)]
    [InlineData(true, false, 0)]
    [InlineData(false, true, 0)] // Its accessed bits of then may be found only now that the process is of this memcg.
    public void What_no_process_of_the_memcg_maps_is_not_promoted_for_certain(bool mappedBefore, bool mappedNow, int atLeast)
    {
        MultiGenLruPage[] pages = _host.Allocate("/a", 100);
        _host.Passes(3);
        _host.SetMapsItsOwn("/a", mappedBefore);
        _host.Passes(1);
        Array.ForEach(pages[..30], MultiGenLruHost.Touch);
        _host.SetMapsItsOwn("/a", mappedNow);
        _host.Passes(1);

        long[] values = new long[_host.Source.Bins * 2];
        Assert.True(_host.Source.TryCopyPromotions(_host.Tree.FindText("/a")!, values));
        Assert.Equal([0, 0, 0, 0, 0, 0, atLeast * Page, 30 * Page, 0, 0], values);
    }

    [Theory]
    [InlineData(0, 10, 10)]
    [InlineData(4, 6, 14)]
    [InlineData(10, 0, 20)]
    public void What_came_from_swap_among_the_old_ones_was_not_idle_before_and_hides_as_many_that_were(int swappedIn, int atLeast, int atMost)
    {
        MultiGenLruPage[] pages = _host.Allocate("/a", 100);
        _host.Passes(4);
        _host.Free(pages[..10]);
        foreach (MultiGenLruPage page in _host.Allocate("/a", 10))
        {
            page.Generation = pages[^1].Generation;
            MultiGenLruHost.Touch(page);
        }

        _host.Host.Write("/proc/vmstat", $"pswpin {swappedIn}\n");
        _host.Passes(1);

        long[] values = new long[_host.Source.Bins * 2];
        Assert.True(_host.Source.TryCopyPromotions(_host.Tree.FindText("/a")!, values));
        Assert.Equal([0, 0, 0, 0, 0, 0, atLeast * Page, atMost * Page, 0, 0], values);
    }

    [Fact]
    public void A_generation_of_somebody_elses_begins_the_record_anew()
    {
        _host.Allocate("/a", 100);
        _host.Passes(4);
        _host.Age("/a");
        _host.Passes(1);
        Assert.Equal([100, 0, 0, 0, 0], Pages("/a"));
        Assert.Contains(_host.Doubts, doubt => doubt.Why.Contains("1 memcgs", StringComparison.Ordinal));
        _host.Passes(2);
        Assert.Equal([0, 0, 100, 0, 0, 0, 0], Pages("/a"));
    }

    [Fact]
    public void Page_cache_may_have_been_touched_at_any_time()
    {
        _host.Allocate("/a", 50, isFile: true);
        _host.Passes(4);
        AgeHistogram ages = _host.Ages("/a");
        Assert.Equal(50 * Page, ages[0].FileBytes);
        Assert.Equal(new ByteBounds(0, 50 * Page), ages.BytesOlderThan(ages[3].From));
    }

    [Fact]
    public void What_no_process_of_the_memcg_maps_may_have_been_touched_from_elsewhere()
    {
        _host.Allocate("/a", 50);
        _host.SetMapsItsOwn("/a", false);
        _host.Passes(4);
        AgeHistogram ages = _host.Ages("/a");
        Assert.Equal(new ByteBounds(0, 50 * Page), ages.BytesOlderThan(ages[3].From));
        _host.SetMapsItsOwn("/a", true);
        _host.Passes(1);
        ages = _host.Ages("/a");
        Assert.Equal(new ByteBounds(50 * Page, 50 * Page), ages.BytesOlderThan(ages[4].From));
    }

    [Fact]
    public void Without_free_swap_anonymous_memory_is_told_by_bounds()
    {
        _host.Allocate("/a", 50);
        _host.Host.Write("/proc/meminfo", "MemTotal: 1048576 kB\nSwapTotal: 2048 kB\nSwapFree: 0 kB\n");
        _host.Passes(4);
        AgeHistogram ages = _host.Ages("/a");
        Assert.Equal(new ByteBounds(0, 50 * Page), ages.BytesOlderThan(ages[3].From));
        Assert.Contains(_host.Doubts, doubt => doubt.Why.Contains("swap", StringComparison.Ordinal));
    }

    [Fact]
    public void Pages_from_swap_may_be_among_the_old_ones_though_they_just_came()
    {
        _host.Allocate("/a", 100);
        _host.Passes(5);
        _host.Host.Write("/proc/vmstat", "pswpin 30\n");
        _host.Passes(1);
        AgeHistogram ages = _host.Ages("/a");
        Assert.Equal(new ByteBounds(70 * Page, 100 * Page), ages.BytesOlderThan(ages[5].From));
    }

    [Fact]
    public void Memory_of_a_removed_memcg_is_its_parents_and_of_no_certain_age()
    {
        _host.AddMemcg("/a/b");
        _host.Allocate("/a/b", 50);
        _host.Passes(3);
        _host.RemoveMemcg("/a/b");
        _host.Passes(1);
        AgeHistogram ages = _host.Ages("/a");
        Assert.Equal(50 * Page, ages.TotalBytes);
        Assert.Equal(new ByteBounds(0, 50 * Page), ages.BytesOlderThan(ages[3].From));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(77)]
    public void One_that_was_removed_and_had_the_same_name_is_told_apart_by_its_number(int id)
    {
        _host.Removed = $"memcg {id,5} /a\n node     0\n          9          0         40           2 \n";
        _host.Allocate("/a", 100);
        _host.Passes(4);
        Assert.Equal([0, 0, 0, 100], Pages("/a"));
        AgeHistogram above = _host.Ages("/");
        Assert.Equal((40 * Page, 2 * Page), (above[0].AnonBytes, above[0].FileBytes));
        Assert.Equal(new ByteBounds(0, 42 * Page), above.BytesOlderThan(above[3].From));
    }

    [Fact]
    public void Memcgs_without_pages_are_left_alone()
    {
        _host.AddMemcg("/empty");
        _host.Allocate("/a", 1);
        _host.Passes(3);
        Assert.Equal(3, _host.Commands);
    }

    [Theory]
    [InlineData("EINVAL")]
    [InlineData("EEXIST")]
    [InlineData("EINTR")]
    [InlineData("EPERM")]
    public void Where_no_generation_can_be_made_at_all_the_pass_fails_and_the_next_begins_anew(string errno)
    {
        _host.Allocate("/a", 10);
        _host.Passes(3);
        _host.Refusal = Enum.Parse<Errno>(errno);
        Problem problem = Assert.IsType<Problem>(_host.Pass());
        Assert.Contains("/sys/kernel/debug/lru_gen", problem.Why, StringComparison.Ordinal);
        _host.Refusal = Errno.None;
        _host.Passes(1);
        Assert.Equal([10, 0, 0, 0, 0], Pages("/a"));
    }

    [Fact]
    public void A_command_that_makes_no_generation_and_says_nothing_is_found_out()
    {
        _host.Allocate("/a", 10);
        _host.Passes(3);
        Func<string, string, IoResult>? obey = _host.Host.OnWrite;
        _host.Host.OnWrite = static (_, text) => IoResult.Done(text.Length);
        _host.Passes(1);
        Assert.Equal([10, 0, 0, 0], Pages("/a"));
        _host.Host.OnWrite = obey;
        _host.Passes(2);
        Assert.Equal([0, 10, 0, 0, 0, 0], Pages("/a"));
    }

    [Fact]
    public void A_pass_whose_sizes_could_not_be_read_begins_all_anew()
    {
        MultiGenLruPage[] pages = _host.Allocate("/a", 100);
        _host.Passes(4);
        Array.ForEach(pages[..40], MultiGenLruHost.Touch);
        _host.Passes(1);
        int reads = 0;
        _host.Host.OnRead = (path, offset, count) => path == LruGen.Name && offset == 0 && ++reads > 1 ? IoResult.Failed(Errno.EIO) : IoResult.Done(count);
        Assert.NotNull(_host.Pass());
        _host.Host.OnRead = null;
        _host.Passes(1);
        Assert.Equal(0, _host.Ages("/a").BytesOlderThan(TimeSpan.FromTicks(1)).AtLeast);
    }

    [Theory]
    [InlineData("0x0000", "switched off")]
    [InlineData("0x0001", "page tables")]
    public void A_kernel_that_does_not_look_who_was_touched_is_refused(string enabled, string why)
    {
        _host.Allocate("/a", 10);
        _host.Passes(1);
        _host.Host.Write("/sys/kernel/mm/lru_gen/enabled", enabled + "\n");
        Assert.Contains(why, Assert.IsType<Problem>(_host.Pass()).Why, StringComparison.Ordinal);
        Assert.Equal(1, _host.Commands);
    }

    [Theory]
    [InlineData(5999, false)]
    [InlineData(6000, true)]
    public void Generations_are_not_made_younger_than_the_kernel_kills_processes_for(int minimum, bool isRefused)
    {
        _host.Allocate("/a", 10);
        _host.Host.Write("/sys/kernel/mm/lru_gen/min_ttl_ms", $"{minimum}\n");
        Assert.Equal(isRefused, _host.Pass() is not null);
        Assert.Equal(isRefused ? 0 : 1, _host.Commands);
    }

    [Fact]
    public void Lines_that_make_no_sense_are_told()
    {
        _host.Allocate("/a", 10);
        _host.Passes(1);
        _host.Host.OnWrite = (_, text) =>
        {
            _host.Host.Write(LruGen.Name, "memcg what /a\n node     0\n 3 0 5 5 \n");
            return IoResult.Done(text.Length);
        };
        _host.Passes(1);
        Assert.Contains(_host.Doubts, doubt => doubt.Why.StartsWith("3 lines", StringComparison.Ordinal));
        Assert.Equal(0, _host.Ages("/a").TotalBytes);
    }

    private long[] Pages(string memcg) => [.. _host.Ages(memcg).Select(bin => bin.AnonBytes / Page)];
}
