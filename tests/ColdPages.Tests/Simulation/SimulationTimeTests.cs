using ColdPages.Simulation;

namespace ColdPages.Tests;

/// <summary>Waiting on a simulated clock takes no time and lets the host's go by.</summary>
public sealed class SimulationTimeTests
{
    private readonly SimulatedHost _host = new(new SimulatedHostOptions { Frames = 4096 });

    [Fact]
    public async Task A_delay_moves_the_clock_and_ends_at_once()
    {
        DateTimeOffset before = _host.TimeProvider.GetUtcNow();
        long timestamp = _host.TimeProvider.GetTimestamp();
        await Task.Delay(TimeSpan.FromDays(20), _host.TimeProvider);
        Assert.Equal(TimeSpan.FromDays(20), _host.TimeProvider.GetUtcNow() - before);
        Assert.Equal(TimeSpan.FromDays(20), _host.TimeProvider.GetElapsedTime(timestamp));
    }

    [Fact]
    public void A_timer_never_goes_off_within_the_call_that_sets_it()
    {
        using ManualResetEventSlim wentOff = new();
        int thread = 0;
        using ITimer timer = _host.TimeProvider.CreateTimer(
            _ =>
            {
                thread = Environment.CurrentManagedThreadId;
                wentOff.Set();
            },
            null, TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan);
        Assert.True(wentOff.Wait(TimeSpan.FromMinutes(1)));
        Assert.NotEqual(Environment.CurrentManagedThreadId, thread);
    }

    [Fact]
    public void Workloads_take_a_step_each_time_one_is_due()
    {
        SimulatedMemcg a = _host.MakeMemcg("/a");
        SimulatedWorkload workload = _host.AddWorkload("w", a, PageKind.Anon, 10 * 4096, hotShare: 0.3);
        _host.Advance(TimeSpan.FromSeconds(1.05));
        Assert.All(workload.Folios.Take(3), folio => Assert.Equal(TimeSpan.FromSeconds(0.05), folio.IdleFor));
        Assert.All(workload.Folios.Skip(3), folio => Assert.Equal(TimeSpan.FromSeconds(1.05), folio.IdleFor));
        Assert.Equal(7 * 4096, a.IdleBytes(TimeSpan.FromSeconds(1)));
        Assert.Equal(10 * 4096, _host.Root.IdleBytes(TimeSpan.Zero, PageKind.Anon));
        Assert.Equal(0, _host.Root.IdleBytes(TimeSpan.Zero, PageKind.File));
    }

    [Fact]
    public void A_hot_part_that_moves_leaves_behind_what_begins_to_age()
    {
        SimulatedWorkload workload = _host.AddWorkload("w", _host.MakeMemcg("/a"), PageKind.Anon, 10 * 4096, hotShare: 0.2);
        workload.MovesEvery = 10;
        workload.MovesBy = 0.2;
        _host.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal([1.1, 1.1, 0.1, 0.1, 0, 0], workload.Folios.Take(6).Select(folio => folio.IdleFor.TotalSeconds));
    }

    [Fact]
    public void A_pass_takes_a_little_time_of_its_own()
    {
        long before = _host.TimeProvider.GetTimestamp();
        _host.MarkAll();
        TimeSpan took = _host.TimeProvider.GetElapsedTime(before);
        Assert.InRange(took, TimeSpan.FromMicroseconds(4096 * 0.05), TimeSpan.FromMicroseconds(4096 * 0.1));
    }

    [Fact]
    public void The_same_seed_gives_the_same_host()
    {
        SimulatedHost one = SimulatedHost.Demo(1);
        SimulatedHost same = SimulatedHost.Demo(1);
        SimulatedHost other = SimulatedHost.Demo(2);
        foreach (SimulatedHost host in (SimulatedHost[])[one, same, other])
        {
            host.MarkAll();
            host.Advance(TimeSpan.FromSeconds(10));
        }

        Assert.Equal(one.Bits(), same.Bits());
        Assert.NotEqual(one.Bits(), other.Bits());
    }
}
