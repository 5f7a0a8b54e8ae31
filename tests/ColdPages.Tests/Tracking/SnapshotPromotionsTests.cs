using ColdPages.Simulation;

namespace ColdPages.Tests;

/// <summary>Which memcgs a snapshot has for their promotions.</summary>
public sealed class SnapshotPromotionsTests
{
    [Fact]
    public void A_memcg_that_gave_up_all_it_had_keeps_its_promotions()
    {
        SimulatedHost host = new(new SimulatedHostOptions { FreshBatch = 0 });
        SimulatedFolio[] pages = host.MakeMemcg("/outer/a").Allocate(PageKind.Anon, 1000 * 4096);
        host.MakeMemcg("/outer/b");
        using ColdPageTracker tracker = ColdPageTracker.Open(new ColdPageTrackerOptions { Roots = host.Roots, TimeProvider = host.TimeProvider, Source = ColdPageSource.IdleBitmap });
        Scan();
        Scan();
        Array.ForEach(pages, page => page.Touch());
        Scan();
        ByteBounds promoted = tracker.TakeSnapshot()["/outer/a"].Promotions().Total;
        Assert.InRange(promoted.AtLeast, 1, 1000 * 4096);

        Array.ForEach(pages, page => page.Free());
        Scan();
        ColdPageSnapshot snapshot = tracker.TakeSnapshot();

        Assert.Equal(promoted, snapshot["/outer/a"].Promotions().Total);
        Assert.Equal(promoted, snapshot["/outer"].Promotions().Total);
        Assert.Equal(0, snapshot["/outer/a"].TrackedBytes());
        Assert.False(snapshot.TryGetMemcg("/outer/b", out _));

        void Scan()
        {
            host.Advance(TimeSpan.FromMinutes(1));
            tracker.Scan();
        }
    }
}
