namespace ColdPages.KernelTests;

/// <summary>The idle-bitmap source where processes leave the memcg that is charged for their memory, and memcgs go while they hold some.</summary>
public sealed class ChangingMemcgTests : IClassFixture<QuietAccessedBits>
{
    [Fact]
    public async Task Memory_stays_where_it_is_charged_when_its_process_moves_and_goes_up_with_its_age_when_the_memcg_is_removed()
    {
        Guest.Require();
        using Cgroup outer = new("/outer", "+memory");
        using Cgroup second = new("/outer/second");
        using WorstFigures worst = new();
        for (int run = 0; run < Guest.Runs; run++)
        {
            using ColdPageTracker tracker = Open();
            HoldWorkload moved;
            ulong removed;
            using (Cgroup first = new("/outer/first"))
            {
                removed = first.Inode;
                moved = await HoldWorkload.StartAsync(first, "anon", 90, 30);
                worst.AssertBins("before", (await Truth.ScanAsync(tracker, 2))[first.Path].Idle(), 30, 60);

                second.TakeProcesses(first);
                ColdPageSnapshot left = await Truth.ScanAsync(tracker, 1);
                worst.AssertBins("memory whose process moved away", left[first.Path].Idle(), 30, 0, 60);
                worst.AssertNear("where it moved to", TrackedBytes(left, second), 0);
            }

            ColdPageSnapshot handedUp = await Truth.ScanAsync(tracker, 1);
            Assert.False(handedUp.TryGetMemcg("/outer/first", out _));
            worst.AssertBins("memory whose memcg was removed", handedUp[outer.Path].Idle(MemcgScope.Local), 30, 0, 0, 60);
            worst.AssertNear("where it moved to", TrackedBytes(handedUp, second), 0);

            using Cgroup again = new("/outer/first");
            using HoldWorkload another = await HoldWorkload.StartAsync(again, "anon", 60, 20);
            ColdPageSnapshot anew = await Truth.ScanAsync(tracker, 2);
            worst.AssertBins("another memcg in its place", anew[again.Path].Idle(), 20, 40, 0, 0, 0, 0);
            worst.AssertBins("beside another memcg in its place", anew[outer.Path].Idle(MemcgScope.Local), 30, 0, 0, 0, 0, 60);

            // A kernel of 64 bits gives no cgroup the number of one before it (__kernfs_new_node in fs/kernfs/dir.c, since 5.5).
            Assert.True(again.Inode > removed, $"{again.Inode} after {removed}");
            moved.Dispose();
        }
    }

    // A memcg without pages is in no snapshot.
    private static long TrackedBytes(ColdPageSnapshot snapshot, Cgroup cgroup) => snapshot.TryGetMemcg(cgroup.Path, out MemcgAges memcg) ? memcg.TrackedBytes() : 0;

    private static ColdPageTracker Open() =>
        ColdPageTracker.Open(new ColdPageTrackerOptions { Source = ColdPageSource.IdleBitmap, Interval = Truth.Interval });
}
