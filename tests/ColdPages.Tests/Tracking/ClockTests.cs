namespace ColdPages.Tests;

/// <summary>No label is ever too old, whatever the clock and the timers do.</summary>
public sealed class ClockTests
{
    private const long MiB = 1L << 20;

    [Fact]
    public void An_age_is_measured_from_the_end_of_the_pass_that_cleared_to_the_start_of_the_one_that_looks()
    {
        using ClockedHost host = ClockedHost.WithOneProcess(out FakeMapping memory);
        using ColdPageTracker tracker = host.Open();
        tracker.Scan();
        host.Advance(2);
        memory.Referenced = 100 * MiB;
        tracker.Scan();

        AgeHistogram idle = tracker.TakeSnapshot()["/a"].Idle();
        Assert.Equal(2, idle.Count);
        Assert.Equal(TimeSpan.FromSeconds(2), idle[1].From);
        Assert.Null(idle[1].To);
        Assert.Equal(100 * MiB, idle[0].AnonBytes);
        Assert.Equal(200 * MiB, idle[1].AnonBytes);
    }

    [Fact]
    public void A_slow_first_pass_makes_nothing_older()
    {
        using ClockedHost host = ClockedHost.WithOneProcess(out FakeMapping memory);
        host.Host.OnRead = (path, _, count) =>
        {
            if (path.EndsWith("/smaps", StringComparison.Ordinal))
                host.Advance(7);
            return IoResult.Done(count);
        };
        using ColdPageTracker tracker = host.Open();
        tracker.Scan();
        host.Host.OnRead = null;
        host.Advance(2);
        memory.Referenced = 0;
        tracker.Scan();

        // The process was cleared some time within a pass that took 14 s or more; only what followed its end is certain.
        AgeHistogram idle = tracker.TakeSnapshot()["/a"].Idle();
        Assert.Equal(TimeSpan.FromSeconds(2), idle[1].From);
        Assert.Equal(new ByteBounds(300 * MiB, 300 * MiB), idle.BytesOlderThan(TimeSpan.FromSeconds(2)));
        Assert.Equal(0, idle.BytesOlderThan(TimeSpan.FromSeconds(2.1)).AtLeast);
    }

    [Fact]
    public void A_slow_last_pass_makes_nothing_older()
    {
        using ClockedHost host = ClockedHost.WithOneProcess(out FakeMapping memory);
        using ColdPageTracker tracker = host.Open();
        tracker.Scan();
        host.Advance(2);
        memory.Referenced = 0;
        host.Host.OnRead = (_, _, count) =>
        {
            host.Advance(1);
            return IoResult.Done(count);
        };
        tracker.Scan();

        Assert.Equal(TimeSpan.FromSeconds(2), tracker.TakeSnapshot()["/a"].Idle()[1].From);
    }

    [Fact]
    public void A_late_timer_makes_a_longer_step_and_no_wrong_label()
    {
        using ClockedHost host = ClockedHost.WithOneProcess(out FakeMapping memory);
        using ColdPageTracker tracker = host.Open(options => options with { ReferencedWindow = 10 });
        tracker.Scan();
        host.Advance(2);
        tracker.Scan();
        host.Advance(90);
        memory.Referenced = 0;
        tracker.Scan();

        AgeHistogram idle = tracker.TakeSnapshot()["/a"].Idle();
        Assert.Equal([0d, 90, 92], idle.Select(bin => bin.From.TotalSeconds));
        Assert.Equal(300 * MiB, idle.BytesOlderThan(TimeSpan.FromSeconds(92)).AtLeast);
    }

    [Fact]
    public void A_threshold_on_an_edge_counts_the_bin_that_begins_there_and_not_the_one_that_ends_there()
    {
        using ClockedHost host = ClockedHost.WithOneProcess(out FakeMapping memory);
        using ColdPageTracker tracker = host.Open();
        tracker.Scan();
        host.Advance(2);
        memory.Referenced = 100 * MiB;
        tracker.Scan();

        MemcgAges memcg = tracker.TakeSnapshot()["/a"];
        Assert.Equal(new ByteBounds(200 * MiB, 200 * MiB), memcg.BytesOlderThan(TimeSpan.FromSeconds(2)));
        Assert.Equal(new ByteBounds(0, 200 * MiB), memcg.BytesOlderThan(TimeSpan.FromSeconds(2) + TimeSpan.FromTicks(1)));
        Assert.Equal(new ByteBounds(200 * MiB, 300 * MiB), memcg.BytesOlderThan(TimeSpan.FromSeconds(2) - TimeSpan.FromTicks(1)));
    }

    [Fact]
    public void An_age_longer_than_the_watch_is_possible_and_never_certain()
    {
        using ClockedHost host = ClockedHost.WithOneProcess(out FakeMapping memory);
        using ColdPageTracker tracker = host.Open();
        tracker.Scan();
        Assert.Equal(new ByteBounds(0, 300 * MiB), tracker.TakeSnapshot()["/a"].BytesOlderThan(TimeSpan.FromSeconds(1)));
        host.Advance(2);
        memory.Referenced = 100 * MiB;
        tracker.Scan();

        Assert.Equal(new ByteBounds(0, 200 * MiB), tracker.TakeSnapshot()["/a"].BytesOlderThan(TimeSpan.FromHours(1)));
    }

    [Fact]
    public void The_next_pass_waits_for_a_whole_interval_after_the_end_of_the_last()
    {
        using ClockedHost host = ClockedHost.WithOneProcess(out _);
        using ColdPageTracker tracker = host.Open();
        Assert.True(tracker.WaitForIntervalAsync(TestContext.Current.CancellationToken).IsCompleted);
        tracker.Scan();
        Task wait = tracker.WaitForIntervalAsync(TestContext.Current.CancellationToken);
        host.Advance(1.9999);
        Assert.False(wait.IsCompleted);

        // The timer's grain is a millisecond: one that goes off early by the clock is set again.
        host.Advance(0.0011);
        Assert.True(wait.IsCompleted);
    }

    [Fact]
    public void A_process_born_during_the_watch_is_young()
    {
        using ClockedHost host = ClockedHost.WithOneProcess(out FakeMapping memory);
        using ColdPageTracker tracker = host.Open(options => options with { ReferencedWindow = 10 });
        tracker.Scan();
        memory.Referenced = 0;
        host.Advance(2);
        host.Host.AddProcess(2, "/a", new FakeMapping { Rss = 10 * MiB });
        tracker.Scan();
        host.Advance(2);
        tracker.Scan();

        AgeHistogram idle = tracker.TakeSnapshot()["/a"].Idle();
        Assert.Equal([10 * MiB, 0, 300 * MiB], idle.Select(bin => bin.AnonBytes));
    }
}
