namespace ColdPages.KernelTests;

/// <summary>The idle-bitmap source where the kernel moves pages to other frames: none looks older than it is, and what was touched lies within the bounds of what is promoted.</summary>
public sealed class MovedPagesTests : IClassFixture<QuietAccessedBits>
{
    private const int Total = 300;
    private const int Hot = 60;
    private const int PagesPerMiB = 256;

    [Fact]
    public async Task By_compaction_between_two_passes_and_while_they_run()
    {
        Guest.Require();
        Evidence evidence = new("/held", Total);

        // Once a guest: where memory was compacted before, the program comes to lie where nothing is moved from.
        using HeldMemory held = await HeldMemory.StartAsync("anon", "/held", Total, Hot);
        await held.Workload.BeQuietAsync();

        // Holes for the pages to go to: compaction moves none to where all is free.
        using HeldMemory sparse = await HeldMemory.StartAsync("anon", "/sparse", 2 * Total, 0);
        for (int mib = 0; mib < 2 * Total; mib += 2)
            await sparse.Workload.FreeAsync(mib, mib + 1);
        using ColdPageTracker tracker = Open();
        TouchRecord right = new(Total, Hot);
        HeldFrames frames = new(held.Workload.Pid);
        await Truth.ScanAsync(tracker, 3);
        right.Pass(3);
        await TouchAsync(held, right, 250, 300);
        long[] before = frames.Read();
        Compact();
        Moved(before, frames, 20);
        await evidence.ScanAsync(tracker, right, passes: 1);

        using (CancellationTokenSource end = new())
        {
            Task compacting = Task.Run(
                () =>
                {
                    while (!end.IsCancellationRequested)
                        Compact();
                },
                TestContext.Current.CancellationToken);
            try
            {
                await TouchAsync(held, right, 200, 250);
                await evidence.ScanAsync(tracker, right, passes: 2);
            }
            finally
            {
                await end.CancelAsync();
                await compacting;
            }
        }

        await evidence.ScanAsync(tracker, right, passes: 1);
        evidence.Report();

        static void Compact() => KernelText.Write("/proc/sys/vm/compact_memory", "1");
    }

    [Fact]
    public async Task By_memory_that_is_taken_out_onto_frames_that_were_just_given_up()
    {
        Guest.Require();
        Evidence evidence = new("/held", Total);
        for (int run = 0; run < Guest.Runs; run++)
        {
            using HeldMemory held = await HeldMemory.StartAsync("anon", "/held", Total, Hot);
            await held.Workload.BeQuietAsync();
            using ColdPageTracker tracker = Open();
            TouchRecord right = new(Total, Hot);
            HeldFrames frames = new(held.Workload.Pid);
            await Truth.ScanAsync(tracker, 2);
            right.Pass(2);

            // Younger than what is given up, which it may come to the place of.
            await TouchAsync(held, right, Hot, 200);
            await evidence.ScanAsync(tracker, right, passes: 2);
            long[] before = frames.Read();
            await held.Workload.FreeAsync(250, 300);
            right.Free(250, 300);
            await TouchAsync(held, right, 150, 200);
            using (MemoryBlock.TakeOut(before[(Hot * PagesPerMiB)..(200 * PagesPerMiB)]))
            {
                Moved(before, frames, 10);
                await evidence.ScanAsync(tracker, right, passes: 2);
            }

            await evidence.ScanAsync(tracker, right, passes: 1);
        }

        evidence.Report();
    }

    private static async Task TouchAsync(HeldMemory held, TouchRecord right, int fromMiB, int toMiB)
    {
        await held.Workload.TouchAsync(fromMiB, toMiB);
        right.Touch(fromMiB, toMiB);
    }

    // Else it would prove nothing.
    private static void Moved(long[] before, HeldFrames frames, int atLeastMiB)
    {
        long[] after = frames.Read();
        int moved = HeldFrames.CountMoved(before, after);
        int taken = after.Where(frame => frame != 0).Except(before.Where((_, page) => after[page] != 0)).Intersect(before).Count() / PagesPerMiB;
        TestContext.Current.TestOutputHelper?.WriteLine($"{moved} MiB were moved, {taken} of them to where others of this program were that it had given up");
        Assert.InRange(moved, atLeastMiB, Total);
    }

    private static ColdPageTracker Open() =>
        ColdPageTracker.Open(new ColdPageTrackerOptions { Source = ColdPageSource.IdleBitmap, Interval = Truth.Interval });
}
