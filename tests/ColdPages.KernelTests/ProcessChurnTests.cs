namespace ColdPages.KernelTests;

/// <summary>The idle-bitmap source where processes come, become other programs and go, and their frames are used again at once.</summary>
public sealed class ProcessChurnTests : IClassFixture<QuietAccessedBits>
{
    private const int Child = 4;
    private const int Left = 100;

    [Theory]
    [InlineData("anon")]
    [InlineData("thp")]
    public async Task Memory_beside_it_is_right_and_what_comes_anew_to_frames_that_were_idle_is_not_promoted_for_certain(string next)
    {
        Guest.Require();
        Evidence evidence = new("/held", 300), ofChurning = new("/churning", 60), again = new("/again", Left);
        for (int run = 0; run < Guest.Runs; run++)
        {
            using HeldMemory held = await HeldMemory.StartAsync("anon", "/held", 300, 100);
            using HeldMemory churning = await HeldMemory.StartAsync("anon", "/churning", 60, 20);
            using Cgroup cgroup = new("/again");
            await churning.Workload.ChurnAsync(Child);
            using ColdPageTracker tracker = ColdPageTracker.Open(new ColdPageTrackerOptions { Source = ColdPageSource.IdleBitmap, Interval = Truth.Interval });
            TouchRecord right = new(300, 100), rightOfChurning = new(60, 20), rightAgain = new(Left, 0);

            using (HoldWorkload first = await HoldWorkload.StartAsync(cgroup, "anon", Left, 0))
                await ScanAsync(3);
            using HoldWorkload second = await HoldWorkload.StartAsync(cgroup, next, Left, 0);
            rightAgain.Renew(0, Left);
            await ScanAsync(2);
            await second.TouchAsync(0, Left / 2);
            rightAgain.Touch(0, Left / 2);
            await churning.Workload.TouchAsync(40, 60);
            rightOfChurning.Touch(40, 60);
            await ScanAsync(2);

            async Task ScanAsync(int passes)
            {
                for (int pass = 0; pass < passes; pass++)
                {
                    ColdPageSnapshot snapshot = await Truth.ScanAsync(tracker, 1);
                    right.Pass();
                    rightOfChurning.Pass();
                    rightAgain.Pass();
                    evidence.AssertAges(snapshot, right);
                    evidence.AssertPromotions(snapshot, right, allowanceMiB: 1, byAge: true);
                    again.AssertAges(snapshot, rightAgain);
                    again.AssertPromotions(snapshot, rightAgain, allowanceMiB: 1, byAge: true);

                    // Its children's memory is young for as long as it is there.
                    AgeHistogram told = snapshot[churning.Memcg].Idle();
                    int[] bins = rightOfChurning.Bins;
                    Assert.InRange(told[0].LowerBytes, (bins[0] - 3L) << 20, (bins[0] + (2L * Child) + 3) << 20);
                    for (int age = 1; age < bins.Length; age++)
                        Truth.AssertNear(bins[age], told[age].LowerBytes, $"{age} passes old next to children: {Truth.Describe(told)}");
                    ofChurning.AssertPromotions(snapshot, rightOfChurning, allowanceMiB: 1, byAge: true);
                }
            }
        }

        evidence.Report();
        ofChurning.Report();
        again.Report();
    }
}
