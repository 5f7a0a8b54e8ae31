namespace ColdPages.KernelTests;

/// <summary>The idle-bitmap source where the multi-generational LRU is on.</summary>
public sealed class IdleBitmapAndGenerationsTests : IClassFixture<QuietGenerations>
{
    [Theory]
    [InlineData("anon")]
    [InlineData("thp")]
    [InlineData("mthp")]
    [InlineData("shmem")]
    [InlineData("file")]
    public async Task What_is_mapped_has_its_age_while_the_generations_stand_still(string kind)
    {
        Guest.Require();
        using HeldMemory held = await HeldMemory.StartAsync(kind, "/held", 300, 100);
        for (int run = 0; run < Guest.Runs; run++)
        {
            using ColdPageTracker tracker = ColdPageTracker.Open(new ColdPageTrackerOptions { Interval = Truth.Interval });
            Assert.Equal(ColdPageSource.IdleBitmap, tracker.Source);

            ColdPageSnapshot snapshot = await Truth.ScanAsync(tracker, 4);

            AgeHistogram idle = snapshot[held.Memcg].Idle();
            Truth.AssertBins(idle, 100, 0, 0, 200);
            Truth.AssertKind(idle, held.Pages, 300, 200);
        }
    }

    [Fact]
    public async Task Page_cache_that_nobody_maps_lies_within_bounds()
    {
        Guest.Require();
        using HeldMemory held = await HeldMemory.StartAsync("read", "/held", 300, 100);
        for (int run = 0; run < Guest.Runs; run++)
        {
            using ColdPageTracker tracker = Open();
            ColdPageSnapshot snapshot = await Truth.ScanAsync(tracker, 4);
            AgeHistogram idle = snapshot[held.Memcg].Idle();
            Truth.AssertWithin(idle, 200, 300);
            Truth.AssertNear(300, idle.Sum(bin => bin.FileBytes), "page cache");
            Assert.Equal(0, idle.BytesOlderThan(idle[1].From, PageKind.File).AtLeast);
        }
    }

    [Fact]
    public async Task Nothing_hot_is_cold_when_somebody_else_makes_a_generation()
    {
        Guest.Require();
        using HeldMemory held = await HeldMemory.StartAsync("anon", "/held", 300, 100);
        using HeldMemory beside = await HeldMemory.StartAsync("anon", "/beside", 90, 30);
        using ColdPageTracker tracker = Open();
        Truth.AssertBins((await Truth.ScanAsync(tracker, 3))[held.Memcg].Idle(), 100, 0, 200);
        for (int run = 1; run <= 2 * Guest.Runs; run++)
        {
            int scans = tracker.Scans;
            await tracker.WaitForIntervalAsync(TestContext.Current.CancellationToken);
            Generations.Make(held.Memcg);
            ColdPageSnapshot snapshot = await Truth.ScanAsync(tracker, 1);

            // It grows no older in this pass, for once: in each run it is a pass further behind.
            double[] bins = new double[scans + 1];
            (bins[0], bins[scans - run]) = (100, 200);
            Truth.AssertBins(snapshot[held.Memcg].Idle(), bins);
            (bins[0], bins[scans - run], bins[scans]) = (30, 0, 60);
            Truth.AssertBins(snapshot[beside.Memcg].Idle(), bins);
            // A removed memcg whose last pages went meanwhile puts its heir in doubt as well, and what other tests removed may go at any time; what lies beside is in none.
            Assert.Contains(snapshot.Confidence.Doubts, doubt => doubt.Contains("aged or reclaimed ", StringComparison.Ordinal));
            Assert.InRange(snapshot.Confidence.DoubtfulBytes, 200L << 20, snapshot["/"].TrackedBytes() - (80L << 20));
        }

        ColdPageSnapshot quiet = await Truth.ScanAsync(tracker, 1);
        Assert.Contains(quiet.Confidence.Doubts, doubt => doubt.Contains(" touches may have been lost in an earlier pass", StringComparison.Ordinal));
        Truth.AssertNear(0, ColdPromotedBytes(quiet, held.Memcg), "certainly promoted, where a part was hot all the time");
    }

    [Fact]
    public async Task A_switch_of_the_generations_is_told_by_the_next_pass()
    {
        Guest.Require();
        using HeldMemory held = await HeldMemory.StartAsync("anon", "/held", 90, 30);
        using ColdPageTracker tracker = Open();
        await Truth.ScanAsync(tracker, 2);
        using (new KernelSetting("/sys/kernel/mm/lru_gen/enabled", "n"))
        {
            ColdPageSnapshot switched = await Truth.ScanAsync(tracker, 1);
            Assert.Contains(switched.Confidence.Doubts, doubt => doubt.Contains("was switched on or off", StringComparison.Ordinal));
            Truth.AssertBins(switched[held.Memcg].Idle(), 30, 60, 0);
            await Truth.ScanAsync(tracker, 1);
            ColdPageSnapshot off = await Truth.ScanAsync(tracker, 1);
            Assert.DoesNotContain(off.Confidence.Doubts, doubt => doubt.Contains("was switched on or off", StringComparison.Ordinal));
        }

        ColdPageSnapshot on = await Truth.ScanAsync(tracker, 1);
        Assert.Contains(on.Confidence.Doubts, doubt => doubt.Contains("was switched on or off", StringComparison.Ordinal));
    }

    private static long ColdPromotedBytes(ColdPageSnapshot snapshot, string memcg) =>
        snapshot[memcg].Promotions().BytesIdleFor(snapshot.Interval).AtLeast;

    private static ColdPageTracker Open() =>
        ColdPageTracker.Open(new ColdPageTrackerOptions { Source = ColdPageSource.IdleBitmap, Interval = Truth.Interval });
}
