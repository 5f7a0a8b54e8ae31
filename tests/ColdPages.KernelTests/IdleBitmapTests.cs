namespace ColdPages.KernelTests;

/// <summary>The idle-bitmap source against programs that know what they touch.</summary>
public sealed class IdleBitmapTests : IClassFixture<QuietAccessedBits>
{
    [Theory]
    [InlineData("anon")]
    [InlineData("thp")]
    [InlineData("mthp")]
    [InlineData("shmem")]
    [InlineData("file")]
    [InlineData("read")]
    public async Task A_program_that_holds_300_MiB_and_touches_100_is_seen_so(string kind)
    {
        Guest.Require();
        using HeldMemory held = await HeldMemory.StartAsync(kind, "/held", 300, 100);
        using ColdPageTracker tracker = Open();

        ColdPageSnapshot snapshot = await Truth.ScanAsync(tracker, 4);

        Assert.Equal("charge", snapshot.Attribution);
        AgeHistogram idle = snapshot[held.Memcg].Idle();
        Truth.AssertBins(idle, 100, 0, 0, 200);
        Truth.AssertKind(idle, held.Pages, 300, 200);
    }

    [Fact]
    public async Task An_outer_memcg_is_told_the_sum_of_those_within()
    {
        Guest.Require();
        using Cgroup outer = new("/outer", "+memory");
        using HeldMemory large = await HeldMemory.StartAsync("anon", "/outer/inner", 300, 100);
        using HeldMemory small = await HeldMemory.StartAsync("shmem", "/outer/beside", 60, 20);
        using ColdPageTracker tracker = Open();

        ColdPageSnapshot snapshot = await Truth.ScanAsync(tracker, 4);

        Truth.AssertBins(snapshot[large.Memcg].Idle(), 100, 0, 0, 200);
        Truth.AssertBins(snapshot[small.Memcg].Idle(), 20, 0, 0, 40);
        Truth.AssertBins(snapshot[outer.Path].Idle(), 120, 0, 0, 240);
        Truth.AssertBins(snapshot[outer.Path].Idle(MemcgScope.Local), 0, 0, 0, 0);
        Assert.Equal(
            snapshot[large.Memcg].TrackedBytes() + snapshot[small.Memcg].TrackedBytes() + snapshot[outer.Path].TrackedBytes(MemcgScope.Local),
            snapshot[outer.Path].TrackedBytes());
    }

    [Fact]
    public async Task What_is_touched_again_is_young_again_and_counts_as_promoted_at_the_age_it_had()
    {
        Guest.Require();
        using HeldMemory held = await HeldMemory.StartAsync("anon", "/held", 300, 100);
        using ColdPageTracker tracker = Open();
        await Truth.ScanAsync(tracker, 2);

        await held.Workload.TouchAsync(250, 300);
        ColdPageSnapshot touched = await Truth.ScanAsync(tracker, 1);
        Truth.AssertBins(touched[held.Memcg].Idle(), 150, 0, 150);
        Truth.AssertNear(50, ColdPromotedBytes(touched, held.Memcg), "promoted by a touch");

        // Both parts are seen touched once. All of the old one: when the pass came by and the move is asked for, the program may be in the middle of it.
        await held.Workload.TouchAsync(0, 100);
        await held.Workload.MoveHotAsync(100, 200);
        ColdPageSnapshot moved = await Truth.ScanAsync(tracker, 1);
        Truth.AssertBins(moved[held.Memcg].Idle(), 200, 50, 0, 50);
        Truth.AssertNear(150, ColdPromotedBytes(moved, held.Memcg), "promoted since the start, after a hot part moved");

        ColdPageSnapshot settled = await Truth.ScanAsync(tracker, 1);
        Truth.AssertBins(settled[held.Memcg].Idle(), 100, 100, 50, 0, 50);
        Truth.AssertNear(150, ColdPromotedBytes(settled, held.Memcg), "promoted since the start, and by nothing more");

        await held.Workload.FreeAsync(200, 250);
        ColdPageSnapshot freed = await Truth.ScanAsync(tracker, 1);
        Truth.AssertBins(freed[held.Memcg].Idle(), 100, 0, 100, 50, 0, 0);
        Truth.AssertNear(150, ColdPromotedBytes(freed, held.Memcg), "promoted since the start: what is given back is not");
    }

    [Fact]
    public async Task Page_cache_of_a_memcg_that_is_removed_is_its_parents_and_keeps_its_age()
    {
        Guest.Require();
        using Ext4Volume volume = Ext4Volume.Mount(400);
        using Cgroup outer = new("/outer", "+memory");
        using ColdPageTracker tracker = Open();
        using (Cgroup inner = new("/outer/inner"))
        {
            using HoldWorkload workload = await HoldWorkload.StartAsync(inner, "read", 300, 100, Path.Combine(volume.MountPoint, "held"));
            ColdPageSnapshot held = await Truth.ScanAsync(tracker, 2);
            Truth.AssertBins(held[inner.Path].Idle(), 100, 200);
            await workload.TouchAsync(0, 100); // What it touches all the time it may not have reached again when it ends.
        }

        ColdPageSnapshot left = await Truth.ScanAsync(tracker, 2);

        Assert.False(left.TryGetMemcg("/outer/inner", out _));
        AgeHistogram idle = left[outer.Path].Idle(MemcgScope.Local);
        Truth.AssertBins(idle, 0, 100, 0, 200);
        Truth.AssertKind(idle, PageKind.File, 300, 200);
    }

    [Fact]
    public async Task Frames_that_change_hands_between_two_passes_are_young_with_their_new_owner()
    {
        Guest.Require();
        using ColdPageTracker tracker = Open();
        using (HeldMemory before = await HeldMemory.StartAsync("anon", "/before", 300, 100))
            await Truth.ScanAsync(tracker, 2);

        using HeldMemory after = await HeldMemory.StartAsync("anon", "/after", 300, 100);
        ColdPageSnapshot fresh = await Truth.ScanAsync(tracker, 1);
        Assert.False(fresh.TryGetMemcg("/before", out _));
        Truth.AssertBins(fresh[after.Memcg].Idle(), 300, 0, 0);

        ColdPageSnapshot settled = await Truth.ScanAsync(tracker, 1);
        Truth.AssertBins(settled[after.Memcg].Idle(), 100, 200, 0, 0);
    }

    [Fact]
    public async Task While_memory_is_steady_little_is_asked_and_little_is_kept()
    {
        Guest.Require();
        using HeldMemory held = await HeldMemory.StartAsync("anon", "/held", 900, 90);
        using ColdPageTracker tracker = Open();

        ColdPageSnapshot before = await Truth.ScanAsync(tracker, 4);
        const int Passes = 3;
        ColdPageSnapshot after = await Truth.ScanAsync(tracker, Passes);

        long frames = Entries(after, "/sys/kernel/mm/page_idle/bitmap") - Entries(before, "/sys/kernel/mm/page_idle/bitmap");
        long asked = Entries(after, "/proc/kpageflags") + Entries(after, "/proc/kpagecgroup") - Entries(before, "/proc/kpageflags") - Entries(before, "/proc/kpagecgroup");
        long tracked = (after["/"].TrackedBytes() + after.Unattributed.TotalBytes) / after.Host.PageSize;
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{frames / Passes} frames, {tracked} of them tracked; asked about {asked / Passes} a pass; {after.Cost.StateBytes} bytes of state");
        Assert.InRange(asked, 1, frames * 0.02);
        Assert.InRange(after.Cost.StateBytes, 1, 3 * tracked);
        Truth.AssertBins(after[held.Memcg].Idle(), 90, 0, 0, 0, 0, 0, 810);

        static long Entries(ColdPageSnapshot snapshot, string file) => snapshot.Cost.EntriesRead[file];
    }

    private static ColdPageTracker Open() =>
        ColdPageTracker.Open(new ColdPageTrackerOptions { Source = ColdPageSource.IdleBitmap, Interval = Truth.Interval });

    // What was touched again after an interval or longer.
    private static long ColdPromotedBytes(ColdPageSnapshot snapshot, string memcg)
    {
        ByteBounds promoted = snapshot[memcg].Promotions().BytesIdleFor(snapshot.Interval);
        TestContext.Current.TestOutputHelper?.WriteLine($"promoted: {promoted}");
        return promoted.AtMost;
    }
}
