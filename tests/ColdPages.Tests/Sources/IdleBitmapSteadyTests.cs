using ColdPages.Simulation;

namespace ColdPages.Tests;

/// <summary>What a scan costs its own process once everything that it needs is there.</summary>
[Collection(Alone.Name)]
public sealed class IdleBitmapSteadyTests
{
    [Fact]
    public void A_steady_scan_allocates_nothing()
    {
        SimulatedHost host = new(new SimulatedHostOptions { Frames = 70_000 });
        List<SimulatedFolio> folios = [];
        for (int i = 0; i < 50; i++)
        {
            SimulatedMemcg memcg = host.MakeMemcg($"/slice{i % 5}/m{i}");
            folios.AddRange(memcg.Allocate((PageKind)(i % BinLayout.Kinds), 500 * 4096, order: i % 3));
        }

        folios.AddRange(host.Root.Allocate(PageKind.Anon, 20 << 20, order: 9));
        MemcgTree tree = Trees.Of(host.Files);
        PassClock clock = new(host.TimeProvider);
        IdleBitmapSource source = new(host.Files, tree);

        // Some are touched all the time, so that in each pass pages go and come at several ages.
        for (int pass = 0; pass < 300; pass++)
        {
            Touch(pass);
            Pass();
        }

        for (int pass = 300; pass < 340; pass++)
        {
            Touch(pass);
            long before = GC.GetAllocatedBytesForCurrentThread();
            Pass();
            Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(host.Root.CurrentBytes, tree.InOrder.Sum(memcg => Ages(memcg).Sum()));
        Assert.True(Ages(tree.Root!)[1 * BinLayout.Stride] < host.Root.CurrentBytes);

        void Pass()
        {
            clock.Begin();
            Errno error = tree.Refresh();
            Problem? problem = source.Pass(clock, CancellationToken.None);
            clock.End();
            host.Advance(IdleBitmapRun.Interval);
            if (error != Errno.None || problem is not null)
                throw new InvalidOperationException(problem?.Why);
        }

        void Touch(int pass)
        {
            for (int i = 0; i < folios.Count; i++)
            {
                if ((i + pass) % (1 + (i % 7)) == 0)
                    folios[i].Touch();
            }
        }

        long[] Ages(Memcg memcg)
        {
            long[] values = new long[source.Bins * BinLayout.Stride];
            source.CopyAges(memcg, values);
            return values;
        }
    }
}
