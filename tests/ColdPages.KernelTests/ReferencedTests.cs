namespace ColdPages.KernelTests;

/// <summary>The referenced source on cgroup v2, against a program that knows what it touches.</summary>
public sealed class ReferencedTests
{
    private const long MiB = 1L << 20;
    private const long Tolerance = 3 * MiB;

    public static TheoryData<string, PageKind> Kinds => new()
    {
        { "anon", PageKind.Anon },
        { "thp", PageKind.Anon },
        { "shmem", PageKind.Shmem },
        { "file", PageKind.File },
    };

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task A_program_that_holds_300_MiB_and_touches_100_is_seen_so(string kind, PageKind pages)
    {
        Guest.Require();
        using Ext4Volume? volume = kind == "file" ? Ext4Volume.Mount(400) : null;
        using Cgroup cgroup = new("/held");
        using HoldWorkload workload = await HoldWorkload.StartAsync(cgroup, kind, 300, 100, volume is null ? "" : Path.Combine(volume.MountPoint, "held"));
        if (kind == "thp")
            AssertNear(300, workload.HugeBytes, "huge pages");

        ColdPageSnapshot snapshot = await WatchAsync(cgroup.Path, workload.Pid);

        AgeHistogram memcg = snapshot[cgroup.Path].Idle();
        AssertBins(memcg, 100, 0, 200);
        AssertBins(Assert.Single(snapshot.Processes).Idle, 100, 0, 200);
        AssertNear(300, memcg.BytesOlderThan(TimeSpan.Zero, pages).AtLeast, $"{pages} of {Describe(memcg)}");
        AssertNear(200, memcg.BytesOlderThan(snapshot.Interval * 2, pages).AtLeast, $"cold {pages} of {Describe(memcg)}");
    }

    [Fact]
    public async Task An_outer_memcg_is_told_the_sum_of_those_within()
    {
        Guest.Require();
        using Cgroup outer = new("/outer", "+memory");
        using Cgroup inner = new("/outer/inner");
        using Cgroup beside = new("/outer/beside");
        using HoldWorkload large = await HoldWorkload.StartAsync(inner, "anon", 300, 100);
        using HoldWorkload small = await HoldWorkload.StartAsync(beside, "shmem", 60, 20);

        ColdPageSnapshot snapshot = await WatchAsync(outer.Path);

        AssertBins(snapshot[inner.Path].Idle(), 100, 0, 200);
        AssertBins(snapshot[beside.Path].Idle(), 20, 0, 40);
        AssertBins(snapshot[outer.Path].Idle(), 120, 0, 240);
        Assert.Equal(0, snapshot[outer.Path].TrackedBytes(MemcgScope.Local));
        Assert.Equal(snapshot[inner.Path].TrackedBytes() + snapshot[beside.Path].TrackedBytes(), snapshot[outer.Path].TrackedBytes());
        Assert.Equal([outer.Path, beside.Path, inner.Path], snapshot.Memcgs.Select(memcg => memcg.Path));
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

        AssertBins(snapshot[above.Path].Idle(MemcgScope.Local), 100, 0, 200);
        Assert.Equal(above.Path, Assert.Single(snapshot.Memcgs).Path);

        // The kernel charges it there too: what it holds, and page tables and the like.
        Assert.InRange(snapshot[above.Path].Memory.CurrentBytes!.Value, 300 * MiB, 310 * MiB);
    }

    private static async Task<ColdPageSnapshot> WatchAsync(string memcg, params int[] pids)
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        using ColdPageTracker tracker = ColdPageTracker.Open(new ColdPageTrackerOptions
        {
            Source = ColdPageSource.Referenced,
            // An emulated CPU needs a good part of a second to touch what the workload touches all the time.
            Interval = TimeSpan.FromSeconds(3),
            Memcg = memcg,
            Processes = pids,
            ReferencedWindow = 10,
        });
        for (int scan = 0; scan < 3; scan++)
        {
            await tracker.WaitForIntervalAsync(cancellation);
            tracker.Scan(cancellation);
        }

        ColdPageSnapshot snapshot = tracker.TakeSnapshot();
        Assert.Null(snapshot.Failure);
        return snapshot;
    }

    private static void AssertBins(AgeHistogram told, params int[] mib)
    {
        Assert.True(
            told.Count == mib.Length && told.Zip(mib).All(pair => Math.Abs(pair.First.LowerBytes - (pair.Second * MiB)) <= Tolerance),
            $"{Describe(told)} where {string.Join(", ", mib)} MiB are right.");
        TestContext.Current.TestOutputHelper?.WriteLine(Describe(told));
    }

    private static void AssertNear(long mib, long bytes, string what) =>
        Assert.True(Math.Abs(bytes - (mib * MiB)) <= Tolerance, $"{what}: {bytes / (double)MiB:F2} MiB where {mib} MiB is right.");

    private static string Describe(AgeHistogram told) =>
        string.Join(", ", told.Select(bin => $"{bin.From.TotalSeconds:F2} s: {bin.LowerBytes / (double)MiB:F2} MiB"));
}
