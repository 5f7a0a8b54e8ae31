namespace ColdPages.KernelTests;

/// <summary>The referenced source on cgroup v2, against a program that knows what it touches.</summary>
public sealed class ReferencedTests
{
    private const long MiB = 1L << 20;

    [Theory]
    [InlineData("anon")]
    [InlineData("thp")]
    [InlineData("shmem")]
    [InlineData("file")]
    public async Task A_program_that_holds_300_MiB_and_touches_100_is_seen_so(string kind)
    {
        Guest.Require();
        using HeldMemory held = await HeldMemory.StartAsync(kind, "/held", 300, 100);

        ColdPageSnapshot snapshot = await WatchAsync(held.Memcg, held.Workload.Pid);

        AgeHistogram memcg = snapshot[held.Memcg].Idle();
        Truth.AssertBins(memcg, 100, 0, 200);
        Truth.AssertBins(Assert.Single(snapshot.Processes).Idle, 100, 0, 200);
        Truth.AssertKind(memcg, held.Pages, 300, 200);
    }

    [Fact]
    public async Task An_outer_memcg_is_told_the_sum_of_those_within()
    {
        Guest.Require();
        using Cgroup outer = new("/outer", "+memory");
        using HeldMemory large = await HeldMemory.StartAsync("anon", "/outer/inner", 300, 100);
        using HeldMemory small = await HeldMemory.StartAsync("shmem", "/outer/beside", 60, 20);

        ColdPageSnapshot snapshot = await WatchAsync(outer.Path);

        Truth.AssertBins(snapshot[large.Memcg].Idle(), 100, 0, 200);
        Truth.AssertBins(snapshot[small.Memcg].Idle(), 20, 0, 40);
        Truth.AssertBins(snapshot[outer.Path].Idle(), 120, 0, 240);
        Assert.Equal(0, snapshot[outer.Path].TrackedBytes(MemcgScope.Local));
        Assert.Equal(snapshot[large.Memcg].TrackedBytes() + snapshot[small.Memcg].TrackedBytes(), snapshot[outer.Path].TrackedBytes());
        Assert.Equal([outer.Path, small.Memcg, large.Memcg], snapshot.Memcgs.Select(memcg => memcg.Path));
    }

    [Fact]
    public async Task A_process_in_a_cgroup_without_the_memory_controller_counts_in_the_nearest_above_that_has_it()
    {
        Guest.Require();
        using Cgroup above = new("/above");
        using Cgroup without = new("/above/without");
        using Cgroup deeper = new("/above/without/deeper");
        Assert.True(above.HasMemoryController);
        Assert.False(without.HasMemoryController);
        using HoldWorkload workload = await HoldWorkload.StartAsync(deeper, "anon", 300, 100);

        ColdPageSnapshot snapshot = await WatchAsync(above.Path);

        Truth.AssertBins(snapshot[above.Path].Idle(MemcgScope.Local), 100, 0, 200);
        Assert.Equal(above.Path, Assert.Single(snapshot.Memcgs).Path);

        // The kernel charges it there too: what it holds, and page tables and the like.
        Assert.InRange(snapshot[above.Path].Memory.CurrentBytes!.Value, 300 * MiB, 310 * MiB);
    }

    private static async Task<ColdPageSnapshot> WatchAsync(string memcg, params int[] pids)
    {
        using ColdPageTracker tracker = ColdPageTracker.Open(new ColdPageTrackerOptions
        {
            Source = ColdPageSource.Referenced,
            Interval = Truth.Interval,
            Memcg = memcg,
            Processes = pids,
            ReferencedWindow = 10,
        });
        return await Truth.ScanAsync(tracker, 3);
    }
}
