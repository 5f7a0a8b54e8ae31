using ColdPages.Simulation;

namespace ColdPages.Tests;

/// <summary>Ages of a source that runs for long.</summary>
public sealed class IdleBitmapLongRunTests
{
    [Theory]
    [InlineData(3 * 255)]
    [InlineData(70_000)]
    public void Ages_do_not_wrap(int passes)
    {
        SimulatedHost host = new(new SimulatedHostOptions { Frames = 256, NanosecondsPerEntry = 0 });
        SimulatedMemcg memcg = host.MakeMemcg("/a");
        SimulatedFolio cold = memcg.Allocate(PageKind.Anon, 4096)[0];
        SimulatedFolio hot = memcg.Allocate(PageKind.Anon, 4096)[0];
        SimulatedFolio rare = memcg.Allocate(PageKind.Anon, 4096)[0];
        IdleBitmapRun run = new(host);
        int rareAt = 0;
        for (int pass = 0; pass < passes; pass++)
        {
            hot.Touch();
            if (pass % 1000 == 300)
            {
                rare.Touch();
                rareAt = pass;
            }

            Assert.Null(run.Pass());
            if (pass < 1000 || pass % 97 == 0)
                AgesAre(run, memcg, hot: 0, cold: Math.Min(pass, PassClock.MaxPasses), rare: Math.Min(pass - rareAt, PassClock.MaxPasses));
        }

        Assert.True(cold.LastTouched < rare.LastTouched);
        AgeHistogram ages = run.Ages(memcg);
        Assert.Equal(PassClock.MaxPasses + 1, ages.Count);
        Assert.Equal(0, ages.BytesOlderThan(IdleBitmapRun.Interval * passes, PageKind.Anon).AtLeast);
        new IdleBitmapRecount(run).Count();
    }

    [Fact]
    public void What_was_touched_long_ago_and_now_is_young()
    {
        SimulatedHost host = new(new SimulatedHostOptions { Frames = 256 });
        SimulatedMemcg memcg = host.MakeMemcg("/a");
        SimulatedFolio[] pages = memcg.Allocate(PageKind.Anon, 4 * 4096);
        IdleBitmapRun run = new(host);
        run.Passes(600);
        Assert.Equal(4 * 4096, run.Ages(memcg)[PassClock.MaxPasses].AnonBytes);
        pages[1].Touch();
        run.Passes(1);
        AgeHistogram ages = run.Ages(memcg);
        Assert.Equal((4096L, 3 * 4096L), (ages[0].AnonBytes, ages[PassClock.MaxPasses].AnonBytes));
        run.Passes(1);
        ages = run.Ages(memcg);
        Assert.Equal((0L, 4096L, 3 * 4096L), (ages[0].AnonBytes, ages[1].AnonBytes, ages[PassClock.MaxPasses].AnonBytes));

        // What it had been idle for is told by the promotion, as far as ages go.
        long[] promotions = new long[run.Source.Bins * 2];
        Assert.True(run.Source.TryCopyPromotions(run.Find(memcg)!, promotions));
        Assert.Equal(4096, promotions[(PassClock.MaxPasses * 2) + 1]);
        Assert.Equal(4096, promotions.Sum());
    }

    private static void AgesAre(IdleBitmapRun run, SimulatedMemcg memcg, int hot, int cold, int rare)
    {
        long[] expected = new long[run.Source.Bins];
        foreach (int age in (int[])[hot, cold, rare])
            expected[age] += 4096;
        AgeHistogram ages = run.Ages(memcg);
        Assert.Equal(expected, ages.Select(bin => bin.AnonBytes));
    }
}
