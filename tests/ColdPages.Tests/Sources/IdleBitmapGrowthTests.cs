using ColdPages.Simulation;

namespace ColdPages.Tests;

/// <summary>What would grow in a source that runs for long.</summary>
[Collection(Alone.Name)]
public sealed class IdleBitmapGrowthTests
{
    [Fact]
    public void Two_thousand_scans_with_churn_leave_nothing_behind()
    {
        SimulatedHost host = new(new SimulatedHostOptions { Frames = 34_000, Cpus = 1, FreshBatch = 7, FramesPerSection = 8192 });
        IdleBitmapRun run = new(host);
        IdleBitmapChurn churn = new(host, seed: 1);
        IdleBitmapRecount recount = new(run);
        long state = 0;
        long memory = 0;
        int mostOwners = 0;
        for (int pass = 0; pass < 2000; pass++)
        {
            churn.Step(pass);
            Assert.Null(run.Pass());
            mostOwners = Math.Max(mostOwners, run.Owners.All.Count);
            if (pass % 100 == 0)
                recount.Count();
            if (pass != 500)
                continue;
            state = run.Source.StateBytes;
            memory = GC.GetTotalMemory(forceFullCollection: true);
        }

        recount.Count();
        Assert.True(churn.MemcgsMade == 2000 && churn.MemcgsRemoved > 1900);
        Assert.True(recount.Folios.Count > 1000, $"{recount.Folios.Count} folios are tracked.");

        // The churn goes up and down. What is removed is kept until there are 64 more of them than there are memcgs.
        Assert.InRange(run.Source.StateBytes, state / 2, state * 5 / 4);
        Assert.InRange(mostOwners, 64, 200);
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - memory, long.MinValue, 512 * 1024);
        GC.KeepAlive(run);
    }
}
