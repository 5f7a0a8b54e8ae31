using System.Globalization;

namespace ColdPages.KernelTests;

/// <summary>The idle-bitmap source next to more than 2 GiB of one memcg's, in frames with a great hole between them. tests/vm/test-kernel makes the guest that has them.</summary>
public sealed class LargeMemoryTests : IClassFixture<QuietAccessedBits>
{
    private const long GiB = 1L << 30;

    [Fact]
    public async Task A_program_that_holds_more_than_2_GiB_on_both_sides_of_a_hole_is_seen_so()
    {
        Guest.Require();
        (long Start, long End)[] memory = [.. SystemMemory()];
        long hole = memory.Zip(memory[1..], (before, after) => after.Start - before.End).Max();
        Assert.SkipUnless(
            hole >= GiB && memory.Sum(part => part.End - part.Start) > 3.9 * GiB, "cannot run here: needs 4 GiB, some of it beyond a hole; tests/vm/run --memory 4096");
        using HeldMemory held = await HeldMemory.StartAsync("anon", "/held", 2400, 800);
        using WorstFigures worst = new();
        for (int run = 0; run < Guest.Runs; run++)
        {
            using ColdPageTracker tracker = ColdPageTracker.Open(new ColdPageTrackerOptions { Source = ColdPageSource.IdleBitmap, Interval = Truth.Interval });
            AgeHistogram idle = (await Truth.ScanAsync(tracker, 3))[held.Memcg].Idle();
            worst.AssertBins("2400 MiB", idle, 800, 0, 1600);
            Truth.AssertKind(idle, PageKind.Anon, 2400, 1600);
        }
    }

    private static IEnumerable<(long Start, long End)> SystemMemory() =>
        from line in File.ReadLines("/proc/iomem")
        where line.EndsWith(" : System RAM", StringComparison.Ordinal)
        let bounds = line.Split(' ')[0].Split('-')
        select (long.Parse(bounds[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture), long.Parse(bounds[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture) + 1);
}
