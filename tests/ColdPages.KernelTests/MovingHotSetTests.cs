namespace ColdPages.KernelTests;

/// <summary>The idle-bitmap source next to a program that works on one part of its memory after another.</summary>
public sealed class MovingHotSetTests : IClassFixture<QuietAccessedBits>
{
    private const int Part = 100;
    private const int Parts = 5;

    [Fact]
    public async Task Each_part_that_turns_hot_again_is_promoted_at_the_age_it_had()
    {
        Guest.Require();
        using HeldMemory held = await HeldMemory.StartAsync("anon", "/moving", Parts * Part, Part);
        await held.Workload.BeQuietAsync();
        Evidence evidence = new(held.Memcg, Parts * Part);
        for (int run = 0; run < Guest.Runs; run++)
        {
            using ColdPageTracker tracker = ColdPageTracker.Open(new ColdPageTrackerOptions { Source = ColdPageSource.IdleBitmap, Interval = Truth.Interval });
            TouchRecord right = new(Parts * Part, Part);
            await Truth.ScanAsync(tracker, 2);
            right.Pass(2);
            int hot = 0;
            foreach (int next in (int[])[1, 2, 1, 0])
            {
                // All of the part that it leaves: it may be in the middle of it.
                await held.Workload.TouchAsync(hot * Part, (hot + 1) * Part);
                await held.Workload.MoveHotAsync(next * Part, (next + 1) * Part);
                right.Touch(hot * Part, (hot + 1) * Part);
                right.MoveHot(next * Part, (next + 1) * Part);
                hot = next;
                ColdPageSnapshot snapshot = await Truth.ScanAsync(tracker, 2);
                right.Pass(2);
                evidence.AssertAges(snapshot, right);
                evidence.AssertPromotions(snapshot, right, allowanceMiB: 1, byAge: true);
                AssertWithinTwoPercent(snapshot, held.Memcg, right);
            }
        }

        evidence.Report();
    }

    // Both bounds, of what is promoted at each age.
    private static void AssertWithinTwoPercent(ColdPageSnapshot snapshot, string memcg, TouchRecord right)
    {
        const long MiB = 1L << 20;
        AgeHistogram idle = snapshot[memcg].Idle();
        for (int age = 1; age < idle.Count; age++)
        {
            ByteBounds told = snapshot[memcg].Promotions().FirstOrDefault(bin => bin.From == idle[age].From).Bytes;
            long bytes = right.Promoted[age] * MiB;
            Assert.InRange(told.AtLeast, bytes * 98 / 100, bytes * 102 / 100);
            Assert.InRange(told.AtMost, bytes * 98 / 100, Math.Max(bytes, Part * MiB) * 102 / 100);
        }
    }
}
