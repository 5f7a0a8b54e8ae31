namespace ColdPages.KernelTests;

/// <summary>The idle-bitmap source where pages move from one NUMA node to another.</summary>
public sealed class NodeMigrationTests : IClassFixture<QuietAccessedBits>
{
    private const int Total = 300;
    private const int Hot = 60;

    [Theory]
    [InlineData("anon")]
    [InlineData("thp")]
    public async Task None_looks_older_than_it_is_also_where_it_comes_to_frames_that_were_just_given_up(string kind)
    {
        Guest.Require();
        Assert.SkipUnless(Directory.Exists("/sys/devices/system/node/node1"), "this guest has one node; tests/vm/test-kernel starts one that has two");
        Evidence evidence = new("/held", Total);
        for (int run = 0; run < Guest.Runs; run++)
        {
            using HeldMemory held = await HeldMemory.StartAsync(kind, "/held", Total, Hot);
            await held.Workload.BeQuietAsync();
            await held.Workload.MoveToNodeAsync(0, 250, 0);
            await held.Workload.MoveToNodeAsync(250, 300, 1);
            using ColdPageTracker tracker = ColdPageTracker.Open(new ColdPageTrackerOptions { Source = ColdPageSource.IdleBitmap, Interval = Truth.Interval });
            TouchRecord right = new(Total, Hot);
            await Truth.ScanAsync(tracker, 2);
            right.Pass(2);
            await TouchAsync(150, 250);
            await evidence.ScanAsync(tracker, right, passes: 2);

            // Of what moves one half was just touched; what is given up is older.
            await held.Workload.FreeAsync(250, 300);
            right.Free(250, 300);
            await TouchAsync(200, 250);
            await held.Workload.MoveToNodeAsync(150, 250, 1);
            await evidence.ScanAsync(tracker, right, passes: 2);
            await TouchAsync(150, 200);
            await evidence.ScanAsync(tracker, right, passes: 1);

            async Task TouchAsync(int fromMiB, int toMiB)
            {
                await held.Workload.TouchAsync(fromMiB, toMiB);
                right.Touch(fromMiB, toMiB);
            }
        }

        evidence.Report();
    }
}
