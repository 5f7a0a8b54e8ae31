namespace ColdPages.KernelTests;

/// <summary>The idle-bitmap source next to memory that the kernel treats in ways of its own.</summary>
public sealed class UncommonMemoryTests : IClassFixture<QuietAccessedBits>
{
    [Fact]
    public async Task Locked_memory_has_its_ages_and_hugetlb_and_zero_pages_are_in_no_bin()
    {
        Guest.Require();
        const int Pages = 8192; // 32 MiB of each.
        using KernelSetting reserved = new("/proc/sys/vm/nr_hugepages", "20");
        using HeldMemory held = await HeldMemory.StartAsync("locked", "/held", 90, 30);
        using ScriptedProcess beside = new(held.Cgroup);
        using KernelPages pages = new();
        int huge = beside.Map("hugetlb", Pages);
        beside.Do("touch", huge, 0, Pages);
        Assert.All(beside.Frames(huge, 0, Pages), frame => Assert.Equal(PageFlags.Huge, pages.Flags(frame) & (PageFlags.Huge | PageFlags.Lru)));
        foreach (string kind in (string[])["anon", "thp"])
        {
            int zero = beside.Map(kind, Pages);
            beside.Do("read", zero, 0, Pages);
            Assert.All(beside.Frames(zero, 0, Pages), frame => Assert.Equal(PageFlags.ZeroPage, pages.Flags(frame) & (PageFlags.ZeroPage | PageFlags.Lru)));
        }

        using WorstFigures worst = new();
        for (int run = 0; run < Guest.Runs; run++)
        {
            using ColdPageTracker tracker = Open();
            ColdPageSnapshot snapshot = await Truth.ScanAsync(tracker, 3);
            AgeHistogram idle = snapshot[held.Memcg].Idle();
            worst.AssertBins("locked memory", idle, 30, 0, 60);
            Truth.AssertKind(idle, PageKind.Anon, 90, 60);
            worst.AssertNear("memory of no memcg", snapshot.Unattributed.TotalBytes, 0);
        }
    }

    [Fact]
    public async Task Merged_memory_counts_once_and_is_young_when_one_of_those_who_share_it_touches_it()
    {
        Guest.Require();
        using Cgroup outer = new("/outer", "+memory");
        using Cgroup firstCgroup = new("/outer/first");
        using Cgroup secondCgroup = new("/outer/second");
        using HoldWorkload first = await HoldWorkload.StartAsync(firstCgroup, "ksm", 60, 20);
        using HoldWorkload second = await HoldWorkload.StartAsync(secondCgroup, "ksm", 60, 0);
        await second.MoveHotAsync(20, 40);
        await SamePageMerging.MergeAsync(60);
        using WorstFigures worst = new();
        for (int run = 0; run < Guest.Runs; run++)
        {
            using ColdPageTracker tracker = Open();
            ColdPageSnapshot snapshot = await Truth.ScanAsync(tracker, 3);
            TestContext.Current.TestOutputHelper?.WriteLine($"{snapshot[firstCgroup.Path].TrackedBytes() >> 20} MiB are charged to the first, {snapshot[secondCgroup.Path].TrackedBytes() >> 20} to the second");
            worst.AssertBins("merged memory", snapshot[outer.Path].Idle(), 40, 0, 20);
        }
    }

    // What is merged is mapped in place of the pages before it as one just touched, on a frame that may be one of theirs; and by the next pass nothing is being merged any more.
    [Fact]
    public async Task Memory_that_was_merged_between_two_passes_is_not_promoted_for_certain()
    {
        Guest.Require();
        using Cgroup firstCgroup = new("/first");
        using Cgroup secondCgroup = new("/second");
        using WorstFigures worst = new();
        for (int run = 0; run < Guest.Runs; run++)
        {
            using HoldWorkload first = await HoldWorkload.StartAsync(firstCgroup, "ksm", 60, 0);
            using HoldWorkload second = await HoldWorkload.StartAsync(secondCgroup, "ksm", 60, 0);
            using ColdPageTracker tracker = Open();
            await Truth.ScanAsync(tracker, 3);
            await SamePageMerging.MergeAsync(60);
            ColdPageSnapshot snapshot = await Truth.ScanAsync(tracker, 1);
            foreach (Cgroup cgroup in (Cgroup[])[firstCgroup, secondCgroup])
                worst.AssertNear("certainly promoted by merging", snapshot[cgroup.Path].Promotions().Total.AtLeast, 0);
        }
    }

    [Fact]
    public async Task Memory_that_guard_regions_replace_is_in_no_bin_and_not_promoted()
    {
        Guest.Require();
        Assert.SkipUnless(Environment.OSVersion.Version >= new Version(6, 13), "Linux before 6.13 has no guard regions.");
        using WorstFigures worst = new();
        for (int run = 0; run < Guest.Runs; run++)
        {
            using HeldMemory held = await HeldMemory.StartAsync("anon", "/held", 90, 30);
            using ColdPageTracker tracker = Open();
            worst.AssertBins("before", (await Truth.ScanAsync(tracker, 2))[held.Memcg].Idle(), 30, 60);
            await held.Workload.GuardAsync(30, 60);
            ColdPageSnapshot snapshot = await Truth.ScanAsync(tracker, 1);
            worst.AssertBins("beside guard regions", snapshot[held.Memcg].Idle(), 30, 0, 30);
            worst.AssertNear("certainly promoted", snapshot[held.Memcg].Promotions().BytesIdleFor(Truth.Interval).AtLeast, 0);
        }
    }

    private static ColdPageTracker Open() =>
        ColdPageTracker.Open(new ColdPageTrackerOptions { Source = ColdPageSource.IdleBitmap, Interval = Truth.Interval });
}
