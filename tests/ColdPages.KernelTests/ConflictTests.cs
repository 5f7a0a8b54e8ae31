namespace ColdPages.KernelTests;

/// <summary>The idle-bitmap source next to others that move what it reads.</summary>
public sealed class ConflictTests : IClassFixture<QuietAccessedBits>
{
    private const long MiB = 1L << 20;
    private const string Bitmap = "/sys/kernel/mm/page_idle/bitmap";

    [Fact]
    public async Task Another_writer_of_the_bitmap_is_told_and_makes_nothing_older()
    {
        Guest.Require();
        using HeldMemory held = await HeldMemory.StartAsync("anon", "/held", 300, 100);
        using ColdPageTracker tracker = Open();
        for (int run = 0; run < Guest.Runs; run++)
        {
            int before = tracker.Scans;
            ColdPageSnapshot alone = await Truth.ScanAsync(tracker, 3);
            Assert.DoesNotContain(alone.Confidence.Doubts, doubt => doubt.StartsWith("Somebody else", StringComparison.Ordinal));
            await tracker.WaitForIntervalAsync(TestContext.Current.CancellationToken);
            MarkAll();
            ColdPageSnapshot disturbed = await Truth.ScanAsync(tracker, 1);
            Assert.Contains(disturbed.Confidence.Doubts, doubt => doubt.StartsWith("Somebody else marks pages idle", StringComparison.Ordinal));
            Assert.False(disturbed.Confidence.IsActionable);
            AgeHistogram idle = disturbed[held.Memcg].Idle();
            Truth.AssertNear(100, idle[0].LowerBytes, $"just touched, run {run}");
            Assert.InRange(idle.Count, before + 4, before + 4);
        }
    }

    [Fact]
    public async Task Next_to_damon_what_two_passes_found_idle_is_mostly_so_and_every_pass_tells_of_it()
    {
        Guest.Require();
        using DamonMonitor damon = new();

        // Measured: see docs/accuracy.md.
        Assert.InRange(await MeasureHotCalledColdAsync(), 0, 0.05);
    }

    [Fact]
    public async Task Next_to_the_damon_that_runs_from_boot_what_two_passes_found_idle_is_mostly_so()
    {
        Guest.Require();
        const string DamonStat = "/sys/module/damon_stat/parameters/enabled";
        if (!File.Exists(DamonStat))
            return; // Before Linux 6.17 there is none.
        using KernelSetting damon = new(DamonStat, "Y");

        // Measured: see docs/accuracy.md.
        Assert.InRange(await MeasureHotCalledColdAsync(), 0, 0.05);
    }

    // The share of what is hot that is called cold with two passes to confirm each other. An age of so many passes says that so many found it idle.
    private static async Task<double> MeasureHotCalledColdAsync()
    {
        const int Total = 128;
        const int Hot = 64;
        const int Most = 4;
        using HeldMemory held = await HeldMemory.StartAsync("thp", "/held", Total, Hot);
        int passes = 4 * Guest.Runs;
        if (Guest.Runs > 1)
        {
            // Only to tell what each pass more leaves.
            using ColdPageTracker once = Open();
            double[] cold = new double[Most + 1];
            await Truth.ScanAsync(once, Most + 1);
            for (int pass = 0; pass < passes; pass++)
            {
                AgeHistogram idle = await ScanAsync(once, held);
                for (int found = 1; found <= Most; found++)
                    cold[found] += CalledCold(idle, found) / passes;
            }

            for (int found = 1; found <= Most; found++)
                TestContext.Current.TestOutputHelper?.WriteLine($"found idle by {found} passes in a row, of a look each: {cold[found]:P2} of the hot memory on average");
        }

        double confirmed = 0;
        using ColdPageTracker twice = Open(confirm: 2);
        await Truth.ScanAsync(twice, Most + 1);
        for (int pass = 0; pass < passes; pass++)
            confirmed += CalledCold(await ScanAsync(twice, held), 1) / passes;
        TestContext.Current.TestOutputHelper?.WriteLine($"confirmed by two passes: {confirmed:P2} of the hot memory on average");
        return confirmed;

        static double CalledCold(AgeHistogram idle, int passes) => Math.Max(0, idle.BytesOlderThan(idle[passes].From, PageKind.Anon).AtLeast - ((Total - Hot) * MiB)) / (double)(Hot * MiB);
    }

    private static async Task<AgeHistogram> ScanAsync(ColdPageTracker tracker, HeldMemory held)
    {
        ColdPageSnapshot snapshot = await Truth.ScanAsync(tracker, 1);
        Assert.Contains(snapshot.Confidence.Doubts, doubt => doubt.Contains("DAMON is running", StringComparison.Ordinal));
        return snapshot[held.Memcg].Idle();
    }

    // Not beyond the last whole word: what is written to the one after that is done and reported as not, and would be written for ever.
    private static void MarkAll()
    {
        using FileStream bitmap = new(Bitmap, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0);
        byte[] piece = new byte[4096];
        int length;
        for (long at = 0; (length = RandomAccess.Read(bitmap.SafeFileHandle, piece, at)) > 0; at += length)
        {
            Array.Fill(piece, byte.MaxValue);
            RandomAccess.Write(bitmap.SafeFileHandle, piece.AsSpan(0, length), at);
        }
    }

    private static ColdPageTracker Open(int confirm = 1) =>
        ColdPageTracker.Open(new ColdPageTrackerOptions { Source = ColdPageSource.IdleBitmap, Interval = Truth.Interval, ConfirmScans = confirm });
}
