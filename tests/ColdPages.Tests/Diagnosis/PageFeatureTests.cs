namespace ColdPages.Tests;

/// <summary>What is tried on pages of this process's own.</summary>
public sealed class PageFeatureTests
{
    private readonly TrialHost _host = new();

    [Theory]
    [InlineData(IdleBitmap.Name, FeatureNames.IdlePageTracking, "CONFIG_IDLE_PAGE_TRACKING=y")]
    [InlineData(IdleBitmap.Name, FeatureNames.TailsIdle, "CONFIG_IDLE_PAGE_TRACKING=y")]
    [InlineData(PageMap.Name, FeatureNames.PageMap, "CONFIG_PROC_PAGE_MONITOR=y")]
    [InlineData(PageMap.Name, FeatureNames.PageMapScan, "CONFIG_PROC_PAGE_MONITOR=y")]
    [InlineData(PageMap.Name, FeatureNames.IdlePageTracking, "CONFIG_PROC_PAGE_MONITOR=y")]
    [InlineData(PageFlagsFile.Name, FeatureNames.PageFlags, "CONFIG_PROC_PAGE_MONITOR=y")]
    [InlineData(PageFlagsFile.Name, FeatureNames.TailsIdle, "CONFIG_PROC_PAGE_MONITOR=y")]
    [InlineData(PageOwnersFile.Name, FeatureNames.PageOwners, "CONFIG_MEMCG=y")]
    [InlineData("/proc/self/smaps", FeatureNames.Smaps, "CONFIG_PROC_PAGE_MONITOR=y")]
    [InlineData("/proc/self/smaps", FeatureNames.ClearRefs, "CONFIG_PROC_PAGE_MONITOR=y")]
    [InlineData("/proc/self/smaps", FeatureNames.HugePages, "CONFIG_PROC_PAGE_MONITOR=y")]
    [InlineData("/proc/self/clear_refs", FeatureNames.ClearRefs, "CONFIG_PROC_PAGE_MONITOR=y")]
    [InlineData("/sys/kernel/mm/transparent_hugepage/enabled", FeatureNames.HugePages, "CONFIG_TRANSPARENT_HUGEPAGE=y")]
    [InlineData("/sys/kernel/mm/transparent_hugepage/enabled", FeatureNames.TailsIdle, "CONFIG_TRANSPARENT_HUGEPAGE=y")]
    public void A_file_that_is_not_there_is_named_with_the_option_that_brings_it_and_one_that_is_denied_with_the_right(string file, string feature, string option)
    {
        _host.Files.OnOpen = (path, _) => path == file ? Errno.EACCES : Errno.None;
        _host.Files.Delete("/proc/1/smaps");
        AssertMissing(feature, $"{file}: permission denied (EACCES).", "Run as root");
        _host.Files.OnOpen = (path, _) => path == file ? Errno.EIO : Errno.None;
        AssertMissing(feature, $"{file}: input/output error (EIO).", null);
        _host.Files.OnOpen = null;
        _host.Files.Delete(file);
        AssertMissing(feature, $"There is no {file}.", option);
    }

    [Fact]
    public void A_bitmap_that_takes_no_marks_does_not_work()
    {
        _host.Marks = false;
        AssertMissing(FeatureNames.IdlePageTracking, "256 pages of this process that are on LRU lists were marked idle, and none of them reads so.", null);
    }

    [Fact]
    public void Pages_that_wait_before_the_lists_tell_nothing()
    {
        _host.ListsPages = false;
        AssertMissing(FeatureNames.IdlePageTracking, "Not told: no page of this process was seen on an LRU list", "Try again.");
    }

    [Fact]
    public void Touches_that_leave_no_trace_are_no_answer()
    {
        _host.StolenTouches = int.MaxValue;
        AssertMissing(FeatureNames.IdlePageTracking, "Not told: of 128 pages that were touched 128 read idle, and of 128 that were not 128.", "DAMON");
    }

    [Fact]
    public void What_went_wrong_once_is_tried_again()
    {
        _host.StolenTouches = 300; // All while the pages are filled, and some of those that count.
        AssertAvailable(FeatureNames.IdlePageTracking);
        Assert.True(_host.StolenTouches < 0);
    }

    [Fact]
    public void Without_the_frames_nothing_is_known_of_own_pages()
    {
        _host.ShowsFrames = false;
        foreach (string feature in (string[])[FeatureNames.IdlePageTracking, FeatureNames.PageMap, FeatureNames.PageFlags, FeatureNames.PageOwners, FeatureNames.TailsIdle])
            AssertMissing(feature, "/proc/self/pagemap does not show which frames", "CAP_SYS_ADMIN");
        AssertAvailable(FeatureNames.PageMapScan);
        AssertAvailable(FeatureNames.ClearRefs);
    }

    [Theory]
    [InlineData((int)Errno.ENOTTY, "Linux 6.7")]
    [InlineData((int)Errno.EINVAL, "Linux 6.7")]
    [InlineData((int)Errno.EPERM, null)]
    public void A_kernel_that_does_not_know_the_scan_is_told_by_its_answer(int error, string? remedy)
    {
        _host.ScanError = (Errno)error;
        AssertMissing(FeatureNames.PageMapScan, ((Errno)error).Describe(), remedy);
    }

    [Fact]
    public void Flags_and_owners_are_held_against_what_this_process_knows()
    {
        _host.ShowsAnon = false;
        _host.Owner = 0;
        AssertMissing(FeatureNames.PageFlags, "is no anonymous one by them", null);
        AssertMissing(FeatureNames.PageOwners, "charged to no memory cgroup", "cgroup_disable=memory");
    }

    [Fact]
    public void Tails_may_lack_the_mark_and_nothing_brings_it()
    {
        _host.ShowsMarkOnTails = false;
        AssertMissing(FeatureNames.TailsIdle, "Only the first page", null);
        _host.Marks = false;
        AssertMissing(FeatureNames.TailsIdle, "Not told: a huge page of this process was marked idle and did not stay so.", "Try again.");
    }

    [Theory]
    [InlineData(FeatureNames.HugePages)]
    [InlineData(FeatureNames.TailsIdle)]
    public void Huge_pages_can_be_off_or_not_to_be_had_or_too_large_to_try(string feature)
    {
        _host.HasHugePages = false;
        AssertMissing(feature, "asked for a huge page and got a small one", "compact_memory");
        _host.Files.Write("/sys/kernel/mm/transparent_hugepage/hugepages-2048kB/enabled", "always inherit madvise [never]\n");
        AssertMissing(feature, "of the largest size are switched off", "echo inherit > /sys/kernel/mm/transparent_hugepage/hugepages-2048kB/enabled");
        _host.Files.Write("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size", $"{512 << 20}\n");
        AssertMissing(feature, "Not tried: a huge page has 512 MiB here.", null);
        _host.Files.Write("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size", "two\n");
        AssertMissing(feature, "hpage_pmd_size does not tell their size", null);
        _host.Files.Write("/sys/kernel/mm/transparent_hugepage/enabled", "always madvise [never]\n");
        AssertMissing(feature, "Transparent huge pages are switched off.", "echo madvise > /sys/kernel/mm/transparent_hugepage/enabled");
    }

    [Fact]
    public void Referenced_bytes_are_held_against_what_was_touched()
    {
        _host.StolenTouches = 40 + 64; // The first time.
        AssertAvailable(FeatureNames.ClearRefs);
        _host.StolenTouches = int.MaxValue;
        AssertMissing(FeatureNames.ClearRefs, "Not told: of 262144 bytes 0 read referenced when they were cleared, and 0 when half of them had been touched.", "Try again.");
    }

    private FeatureDiagnosis Feature(string name)
    {
        FeatureDiagnosis feature = FeatureProbe.Run(_host).Single(candidate => candidate.Name == name);
        Assert.Equal((0, 0), (_host.Mappings, _host.Files.OpenFiles));
        return feature;
    }

    private void AssertAvailable(string name) => Assert.Null(Feature(name).Why);

    private void AssertMissing(string name, string why, string? remedy)
    {
        FeatureDiagnosis feature = Feature(name);
        Assert.False(feature.IsAvailable);
        Assert.Contains(why, feature.Why, StringComparison.Ordinal);
        if (remedy is null)
            Assert.Null(feature.Remedy);
        else
            Assert.Contains(remedy, feature.Remedy, StringComparison.Ordinal);
    }
}
