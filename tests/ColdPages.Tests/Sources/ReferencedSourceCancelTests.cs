using static ColdPages.Tests.Mappings;

namespace ColdPages.Tests;

public sealed class ReferencedSourceCancelTests
{
    private static readonly TimeSpan s_perPass = ReferencedRun.Interval + ReferencedRun.Lasts;

    private readonly FakeHost _host = new();

    public ReferencedSourceCancelTests()
    {
        _host.AddMemcg("/a");
        _host.AddMemcg("/b");
        _host.AddProcess(1, "/a", Anon(100));
        _host.AddProcess(2, "/b", Anon(200));
    }

    [Fact]
    public void After_a_clear_cancelled_half_way_those_that_were_not_cleared_are_young()
    {
        ReferencedRun run = new(_host);
        run.Pass();
        CancelAt("/proc/1/clear_refs", run);
        Assert.Equal([2, 1], _host.Processes.Values.Select(process => process.Clears));
        Assert.Equal(0, _host.OpenFiles);
        Assert.Null(run.Pass());
        Assert.Equal([0, 100 * KiB], run.Memcg("/a").Select(bin => bin.AnonBytes));
        Assert.Equal([200 * KiB, 0], run.Memcg("/b").Select(bin => bin.AnonBytes));
        Assert.Equal(ReferencedRun.Interval, run.Memcg("/a")[1].From);
        run.Pass();
        Assert.Equal([0, 200 * KiB], run.Memcg("/b").Select(bin => bin.AnonBytes));
    }

    [Fact]
    public void A_first_pass_cancelled_half_way_leaves_the_rest_to_be_young_at_the_next()
    {
        ReferencedRun run = new(_host);
        CancelAt("/proc/1/clear_refs", run);
        run.Pass();
        Assert.Equal([0, 100 * KiB], run.Memcg("/a").Select(bin => bin.AnonBytes));
        Assert.Equal([200 * KiB, 0], run.Memcg("/b").Select(bin => bin.AnonBytes));
    }

    [Fact]
    public void A_pass_cancelled_within_a_window_does_not_end_it()
    {
        ReferencedRun run = new(_host, window: 4);
        run.Pass();
        CancelAt("/proc/1/smaps", run);
        run.Pass();
        Assert.Equal([0, 0, 100 * KiB], run.Memcg("/a").Select(bin => bin.AnonBytes));
        Assert.Equal([1, 1], _host.Processes.Values.Select(process => process.Clears));
    }

    [Fact]
    public void Three_hundred_passes_in_a_window_of_254_tell_ages_as_far_as_the_clock_goes()
    {
        ReferencedRun run = new(_host, window: PassClock.MaxPasses);
        for (int pass = 0; pass < 300; pass++)
        {
            Assert.Null(run.Pass());
            int age = pass <= PassClock.MaxPasses ? pass : pass - PassClock.MaxPasses;
            AgeHistogram ages = run.Memcg("/a");
            Assert.Equal(age + 1, ages.Count);
            Assert.Equal(100 * KiB, ages[age].AnonBytes);
            Assert.Equal(age == 0 ? TimeSpan.Zero : ReferencedRun.Interval + ((age - 1) * s_perPass), ages[age].From);
        }
    }

    [Fact]
    public void More_cancelled_passes_than_the_clock_remembers_make_no_page_older_than_it_tells()
    {
        ReferencedRun run = new(_host, window: PassClock.MaxPasses);
        run.Pass();
        using CancellationTokenSource cancelled = new();
        cancelled.Cancel();
        for (int pass = 0; pass < 300; pass++)
            Assert.Throws<OperationCanceledException>(() => run.PassUnless(cancelled.Token));
        Assert.Null(run.Pass());
        AgeHistogram ages = run.Memcg("/a");
        Assert.Equal(PassClock.MaxPasses + 1, ages.Count);
        Assert.Equal(100 * KiB, ages[PassClock.MaxPasses].AnonBytes);
    }

    private void CancelAt(string path, ReferencedRun run)
    {
        using CancellationTokenSource cancelling = new();
        _host.OnOpen = (opened, _) =>
        {
            if (opened == path)
                cancelling.Cancel();
            return Errno.None;
        };
        Assert.Throws<OperationCanceledException>(() => run.PassUnless(cancelling.Token));
        _host.OnOpen = null;
    }
}
