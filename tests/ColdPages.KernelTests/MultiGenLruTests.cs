using System.Globalization;

namespace ColdPages.KernelTests;

/// <summary>The mglru source against programs that know what they touch.</summary>
public sealed class MultiGenLruTests : IClassFixture<QuietGenerations>
{
    [Theory]
    [InlineData("anon")]
    [InlineData("thp")]
    [InlineData("mthp")]
    [InlineData("shmem")]
    public async Task A_program_that_holds_300_MiB_and_touches_100_is_seen_so(string kind)
    {
        Guest.Require();
        using HeldMemory held = await HeldMemory.StartAsync(kind, "/held", 300, 100);
        for (int run = 0; run < Guest.Runs; run++)
        {
            using ColdPageTracker tracker = Open();

            ColdPageSnapshot snapshot = await Truth.ScanAsync(tracker, 5);

            AgeHistogram idle = snapshot[held.Memcg].Idle();
            Truth.AssertBins(idle, 100, 0, 0, 0, 200);
            Truth.AssertKind(idle, PageKind.Anon, 300, 200);
            Truth.AssertNear(200, idle.BytesOlderThan(idle[^1].From, PageKind.Anon).AtMost, "anonymous memory, at most");
        }
    }

    [Theory]
    [InlineData("file")]
    [InlineData("read")]
    public async Task Page_cache_lies_within_the_bounds(string kind)
    {
        Guest.Require();
        using HeldMemory held = await HeldMemory.StartAsync(kind, "/held", 300, 100);
        for (int run = 0; run < Guest.Runs; run++)
        {
            using ColdPageTracker tracker = Open();
            ColdPageSnapshot snapshot = await Truth.ScanAsync(tracker, 4);
            AgeHistogram idle = snapshot[held.Memcg].Idle();
            Truth.AssertWithin(idle, 200, 300);
            Truth.AssertNear(300, idle.Sum(bin => bin.FileBytes), "page cache");
        }
    }

    [Fact]
    public async Task What_a_process_of_another_memcg_touches_lies_within_the_bounds()
    {
        Guest.Require();
        using HeldMemory anon = await HeldMemory.StartAsync("anon", "/anon", 90, 30);
        using HeldMemory shmem = await HeldMemory.StartAsync("shmem", "/shmem", 90, 30);
        using Cgroup elsewhere = new("/elsewhere");
        foreach (HeldMemory moved in (HeldMemory[])[anon, shmem])
            KernelText.Write($"{elsewhere.Folder}/cgroup.procs", moved.Workload.Pid.ToString(CultureInfo.InvariantCulture));
        for (int run = 0; run < Guest.Runs; run++)
        {
            using ColdPageTracker tracker = Open();
            ColdPageSnapshot snapshot = await Truth.ScanAsync(tracker, 4);
            Truth.AssertWithin(snapshot[anon.Memcg].Idle(), 60, 90);
            Truth.AssertWithin(snapshot[shmem.Memcg].Idle(), 60, 90);
        }
    }

    [Fact]
    public async Task Without_swap_the_truth_lies_within_the_bounds()
    {
        Guest.Require();
        Command.Output("swapoff", "/dev/zram0");
        try
        {
            using HeldMemory held = await HeldMemory.StartAsync("anon", "/held", 300, 100);
            for (int run = 0; run < Guest.Runs; run++)
            {
                using ColdPageTracker tracker = Open();
                ColdPageSnapshot snapshot = await Truth.ScanAsync(tracker, 4);
                Truth.AssertWithin(snapshot[held.Memcg].Idle(), 200, 300);
            }
        }
        finally
        {
            Command.Output("swapon", "/dev/zram0");
        }
    }

    [Fact]
    public async Task Among_a_thousand_memcgs_each_has_its_own_and_only_those_with_pages_get_a_generation()
    {
        Guest.Require();
        using Cgroup many = new("/many", "+memory");
        List<Cgroup> cgroups = [];
        try
        {
            for (int i = 0; i < 1000; i++)
                cgroups.Add(new Cgroup($"/many/m {i}"));
            using HeldMemory held = await HeldMemory.StartAsync("anon", "/many/held", 90, 30);
            using ColdPageTracker tracker = Open();
            ColdPageSnapshot snapshot = await Truth.ScanAsync(tracker, 4);
            Truth.AssertBins(snapshot[held.Memcg].Idle(), 30, 0, 0, 60);
            Truth.AssertBins(snapshot[many.Path].Idle(), 30, 0, 0, 60);
            Assert.InRange(snapshot.Cost.EntriesWritten["/sys/kernel/debug/lru_gen"], 4, 4 * 50);
        }
        finally
        {
            cgroups.ForEach(cgroup => cgroup.Dispose());
        }
    }

    [Fact]
    public async Task A_generation_that_somebody_else_makes_begins_the_ages_anew()
    {
        Guest.Require();
        using HeldMemory held = await HeldMemory.StartAsync("anon", "/a b", 300, 100);
        using ColdPageTracker tracker = Open();
        Truth.AssertBins((await Truth.ScanAsync(tracker, 3))[held.Memcg].Idle(), 100, 0, 200);
        Generations.Make(held.Memcg);
        ColdPageSnapshot anew = await Truth.ScanAsync(tracker, 1);
        Assert.Contains(anew.Confidence.Doubts, doubt => doubt.StartsWith("Somebody else", StringComparison.Ordinal));
        Truth.AssertBins(anew[held.Memcg].Idle(), 300, 0, 0, 0);
        Truth.AssertBins((await Truth.ScanAsync(tracker, 2))[held.Memcg].Idle(), 100, 0, 200, 0, 0, 0);
    }

    [Fact]
    public async Task What_a_removed_memcg_leaves_is_no_older_than_it_may_be()
    {
        Guest.Require();
        using Ext4Volume volume = Ext4Volume.Mount(400);
        using Cgroup outer = new("/outer", "+memory");
        using ColdPageTracker tracker = Open();
        using (Cgroup inner = new("/outer/inner"))
        {
            using HoldWorkload workload = await HoldWorkload.StartAsync(inner, "read", 300, 100, Path.Combine(volume.MountPoint, "held"));
            await Truth.ScanAsync(tracker, 3);
        }

        // Up to 6.12 nobody can make generations of it any more; later it begins anew as its parent's.
        ColdPageSnapshot left = await Truth.ScanAsync(tracker, 4);
        AgeHistogram idle = left[outer.Path].Idle(MemcgScope.Local);
        Truth.AssertNear(300, idle.TotalBytes, "page cache of the removed memcg");
        ByteBounds old = idle.BytesOlderThan(Truth.Interval * 2);
        Assert.True(old.AtLeast <= 300L << 20 && old.AtMost >= 297L << 20, $"{old} where nobody touched 300 MiB.");
    }

    [Theory]
    [InlineData("anon")]
    [InlineData("shmem")]
    public async Task What_turns_hot_after_it_was_cold_is_not_called_cold(string kind)
    {
        Guest.Require();
        using HeldMemory held = await HeldMemory.StartAsync(kind, "/held", 300, 100);
        using ColdPageTracker tracker = Open();
        await Truth.ScanAsync(tracker, 6);
        await held.Workload.TouchAsync(0, 100);
        await held.Workload.MoveHotAsync(100, 200);
        Truth.AssertBins((await Truth.ScanAsync(tracker, 1))[held.Memcg].Idle(), 200, 0, 0, 0, 0, 0, 100);
        Truth.AssertBins((await Truth.ScanAsync(tracker, 2))[held.Memcg].Idle(), 100, 0, 100, 0, 0, 0, 0, 0, 100);
    }

    [Theory]
    [InlineData("anon")]
    [InlineData("thp")]
    [InlineData("shmem")]
    public async Task A_hot_part_that_moves_is_promoted_within_the_bounds(string kind)
    {
        Guest.Require();
        using HeldMemory held = await HeldMemory.StartAsync(kind, "/held", 300, 100);
        for (int run = 0; run < Guest.Runs; run++)
        {
            await held.Workload.MoveHotAsync(0, 100);
            using ColdPageTracker tracker = Open();
            AssertPromoted(0, 0, await Truth.ScanAsync(tracker, 4), held.Memcg, "by nothing");

            await held.Workload.TouchAsync(0, 100);
            await held.Workload.MoveHotAsync(100, 200);
            AssertPromoted(100, 0, await Truth.ScanAsync(tracker, 1), held.Memcg, "by a hot part that moved");
            AssertPromoted(100, 0, await Truth.ScanAsync(tracker, 1), held.Memcg, "and by nothing more");

            // Of 100 MiB that were left one pass ago and 100 older ones, it cannot be told which these are.
            await held.Workload.TouchAsync(100, 200);
            await held.Workload.MoveHotAsync(200, 300);
            AssertPromoted(200, 100, await Truth.ScanAsync(tracker, 1), held.Memcg, "by one that moved again");
        }
    }

    [Fact]
    public async Task What_is_given_back_may_have_been_promoted_and_need_not()
    {
        Guest.Require();
        using HeldMemory held = await HeldMemory.StartAsync("anon", "/held", 300, 100);
        using ColdPageTracker tracker = Open();
        await Truth.ScanAsync(tracker, 4);
        await held.Workload.FreeAsync(200, 250);
        ByteBounds promoted = Promoted(await Truth.ScanAsync(tracker, 1), held.Memcg);
        Truth.AssertNear(0, promoted.AtLeast, $"promoted for certain, {promoted}");
        Truth.AssertNear(50, promoted.AtMost, $"promoted at most, {promoted}");
    }

    [Fact]
    public async Task A_passive_tracker_makes_no_generation_and_tells_how_old_memory_may_be()
    {
        Guest.Require();
        using HeldMemory held = await HeldMemory.StartAsync("anon", "/held", 300, 100);
        ColdPageTrackerOptions options = new() { Passive = true, Interval = Truth.Interval };
        using ColdPageTracker tracker = ColdPageTracker.Open(options);
        using ColdPageTracker another = ColdPageTracker.Open(options); // Neither is in the other's way.
        Assert.Equal(ColdPageSource.MultiGenLru, tracker.Source);
        await Truth.ScanAsync(tracker, 1);
        for (int generation = 0; generation < 4; generation++)
        {
            Generations.Make(held.Memcg);
            await Truth.ScanAsync(tracker, 1);
        }

        string before = Generations.Sequences();
        ColdPageSnapshot snapshot = await Truth.ScanAsync(tracker, 1);

        Assert.Equal(before, Generations.Sequences());
        AgeHistogram idle = snapshot[held.Memcg].Idle();
        Truth.AssertWithin(idle, 200, 300);
        Assert.Equal(0, idle.BytesOlderThan(idle[1].From).AtLeast);
        Truth.AssertNear(200, idle.BytesOlderThan(idle[^1].From, PageKind.Anon).AtMost, "may be as old as the watch");
    }

    [Fact]
    public void Generations_are_not_made_where_the_kernel_would_kill_for_them()
    {
        Guest.Require();
        using KernelSetting minimum = new("/sys/kernel/mm/lru_gen/min_ttl_ms", "9000");
        Assert.False(ColdPageTracker.TryOpen(new ColdPageTrackerOptions { Source = ColdPageSource.MultiGenLru, Interval = TimeSpan.FromSeconds(3) }, out _, out HostDiagnosis diagnosis));
        Assert.Contains("min_ttl_ms is 9000", diagnosis.ToString(), StringComparison.Ordinal);
        using ColdPageTracker slower = ColdPageTracker.Open(new ColdPageTrackerOptions { Source = ColdPageSource.MultiGenLru, Interval = TimeSpan.FromSeconds(3.1) });
        slower.Scan(TestContext.Current.CancellationToken);
        Assert.Null(slower.TakeSnapshot(TestContext.Current.CancellationToken).Failure);
    }

    // Twenty MiB less for certain: what the whole machine frees while a pass makes its generations might have been among them.
    private static void AssertPromoted(int mib, int excessMiB, ColdPageSnapshot snapshot, string memcg, string how)
    {
        ByteBounds promoted = Promoted(snapshot, memcg);
        string what = $"{promoted.AtLeast / 1048576.0:F2} to {promoted.AtMost / 1048576.0:F2} MiB promoted {how}, where {mib} MiB are right";
        TestContext.Current.TestOutputHelper?.WriteLine(what);
        Assert.True(promoted.AtLeast <= (mib + 3L) << 20 && promoted.AtLeast >= (mib - 20L) << 20, what);
        Assert.True(promoted.AtMost <= (mib + excessMiB + 3L) << 20 && promoted.AtMost >= (mib - 3L) << 20, what);
    }

    private static ByteBounds Promoted(ColdPageSnapshot snapshot, string memcg) => snapshot[memcg].Promotions().BytesIdleFor(snapshot.Interval);

    private static ColdPageTracker Open() =>
        ColdPageTracker.Open(new ColdPageTrackerOptions { Source = ColdPageSource.MultiGenLru, Interval = Truth.Interval });
}
