namespace ColdPages.KernelTests;

/// <summary>The idle-bitmap source where huge pages are made, given back in part and split, and memory is freed lazily.</summary>
public sealed class ReshapedFoliosTests : IClassFixture<QuietAccessedBits>
{
    private const int Total = 200;
    private const int Hot = 40;

    [Fact]
    public async Task None_of_what_is_left_looks_older_than_it_is()
    {
        Guest.Require();

        // Else khugepaged fills again what was given back.
        using KernelSetting whole = new("/sys/kernel/mm/transparent_hugepage/khugepaged/max_ptes_none", "0");
        Evidence hugeEvidence = new("/huge", Total), smallEvidence = new("/small", Total);
        for (int run = 0; run < Guest.Runs; run++)
        {
            using HeldMemory huge = await HeldMemory.StartAsync("thp", "/huge", Total, Hot);
            using HeldMemory small = await HeldMemory.StartAsync("anon", "/small", Total, Hot);
            await huge.Workload.BeQuietAsync();
            await small.Workload.BeQuietAsync();
            HeldFrames mapping = new(huge.Workload.Pid);
            using ColdPageTracker tracker = ColdPageTracker.Open(new ColdPageTrackerOptions { Source = ColdPageSource.IdleBitmap, Interval = Truth.Interval });
            TouchRecord ofHuge = new(Total, Hot), ofSmall = new(Total, Hot);
            await Truth.ScanAsync(tracker, 3);
            ofHuge.Pass(3);
            ofSmall.Pass(3);

            // Of what is given back in part, and of what is made huge, one half was just touched. A huge page is there as a whole until it is split.
            await TouchAsync(huge, ofHuge, 60, 80);
            await huge.Workload.HalveAsync(40, 80);
            await ScanAsync();
            Split(40, 60);
            await huge.Workload.FreeLazilyAsync(80, 100);
            await small.Workload.FreeLazilyAsync(80, 100);
            await TouchAsync(small, ofSmall, 40, 60);
            await small.Workload.CollapseAsync(40, 80);
            Truth.AssertNear(40, small.Workload.HugeBytes, "made huge");
            await ScanAsync();
            await TouchAsync(huge, ofHuge, 120, 140);
            Split(60, 80);
            mapping.Split(80, 140);
            await ScanAsync();
            await ScanAsync();

            // What was freed lazily is there still, and is kept when it is touched by writing; reading does for its age.
            await TouchAsync(huge, ofHuge, 40, 41);
            await TouchAsync(huge, ofHuge, 80, 100);
            await TouchAsync(small, ofSmall, 60, 100);
            await ScanAsync();

            void Split(int fromMiB, int toMiB)
            {
                mapping.Split(fromMiB, toMiB);
                ofHuge.Halve(fromMiB, toMiB);
            }

            async Task ScanAsync()
            {
                ColdPageSnapshot snapshot = await Truth.ScanAsync(tracker, 1);
                ofHuge.Pass();
                ofSmall.Pass();
                hugeEvidence.AssertNotOlder(snapshot, ofHuge);
                hugeEvidence.AssertPromotions(snapshot, ofHuge, allowanceMiB: 1, byAge: false);
                smallEvidence.AssertNotOlder(snapshot, ofSmall);
                smallEvidence.AssertPromotions(snapshot, ofSmall, allowanceMiB: 1, byAge: false);
            }
        }

        hugeEvidence.Report();
        smallEvidence.Report();
    }

    private static async Task TouchAsync(HeldMemory held, TouchRecord right, int fromMiB, int toMiB)
    {
        await held.Workload.TouchAsync(fromMiB, toMiB);
        right.Touch(fromMiB, toMiB);
    }
}
