namespace ColdPages.KernelTests;

/// <summary>The idle-bitmap source where memory goes to swap, on zram, and comes back.</summary>
public sealed class SwappedMemoryTests : IClassFixture<QuietAccessedBits>
{
    [Fact]
    public async Task What_is_in_swap_is_in_no_bin_and_what_comes_back_is_young_and_not_promoted()
    {
        Guest.Require();
        using HeldMemory held = await HeldMemory.StartAsync("anon", "/held", 150, 50);
        using WorstFigures worst = new();
        for (int run = 0; run < Guest.Runs; run++)
        {
            await held.Workload.TouchAsync(0, 150);
            using ColdPageTracker tracker = Open();
            worst.AssertBins("before", (await Truth.ScanAsync(tracker, 3))[held.Memcg].Idle(), 50, 0, 100);

            held.Cgroup.Reclaim(80);
            ColdPageSnapshot gone = await Truth.ScanAsync(tracker, 1);
            double swapped = await held.Workload.SwappedMiBAsync(50, 150);
            Assert.InRange(swapped, 20, 100);
            worst.AssertBins("part of it in swap", gone[held.Memcg].Idle(), 50, 0, 0, 100 - swapped);
            worst.AssertBounds("promoted, nothing touched", gone[held.Memcg].Promotions().BytesIdleFor(Truth.Interval), 0);

            double back = await held.Workload.SwappedMiBAsync(110, 150);
            double away = await held.Workload.SwappedMiBAsync(50, 110);
            await held.Workload.TouchAsync(110, 150);
            ColdPageSnapshot touched = await Truth.ScanAsync(tracker, 1);
            Assert.Equal(0, await held.Workload.SwappedMiBAsync(110, 150));
            Assert.Equal(away, await held.Workload.SwappedMiBAsync(50, 110));
            worst.AssertBins("part of that touched", touched[held.Memcg].Idle(), 90, 0, 0, 0, 60 - away);

            // Of that which was there all the time. What comes back from swap is new: it had no age while it was away.
            worst.AssertBounds("promoted", touched[held.Memcg].Promotions().BytesIdleFor(Truth.Interval), 40 - back);
            worst.AssertBins("settled", (await Truth.ScanAsync(tracker, 1))[held.Memcg].Idle(), 50, 40, 0, 0, 0, 60 - away);
            TestContext.Current.TestOutputHelper?.WriteLine($"{swapped:F2} MiB went to swap, {back:F2} came back");
        }
    }

    private static ColdPageTracker Open() =>
        ColdPageTracker.Open(new ColdPageTrackerOptions { Source = ColdPageSource.IdleBitmap, Interval = Truth.Interval });
}
