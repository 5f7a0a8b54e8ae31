namespace ColdPages;

/// <summary>What /proc/self/pagemap tells.</summary>
internal static class PageMapProbe
{
    public const string Remedy = "Use a kernel with CONFIG_PROC_PAGE_MONITOR=y, and see that procfs is mounted.";

    public const string FramesRemedy = "Run as root, or with CAP_SYS_ADMIN, in the host's own user namespace.";

    /// <summary>Whether it shows the frame of a page.</summary>
    public static FeatureDiagnosis Frames(KernelFiles files)
    {
        using OwnFrames? own = OwnFrames.Map(files, FeatureNames.PageMap, 1, 0, out FeatureDiagnosis? refusal);
        return refusal ?? FeatureDiagnosis.Available(FeatureNames.PageMap);
    }

    /// <summary>Whether PAGEMAP_SCAN finds the pages of this process that are there, and no others.</summary>
    public static FeatureDiagnosis Scan(KernelFiles files)
    {
        const string Feature = FeatureNames.PageMapScan;
        if (!files.HasOwnMemory)
            return FeatureDiagnosis.NotTried(files, Feature);
        Errno error = KernelFile.Open(files, PageMap.Path, KernelFileAccess.Read, out KernelFile pageMap);
        if (error != Errno.None)
            return FeatureDiagnosis.Refused(files, Feature, PageMap.Name, error, Remedy);
        using (pageMap)
        {
            const int Pages = 4;
            error = files.MapOwnMemory(Pages * (long)files.PageSize, 0, out OwnMemory? memory);
            if (error != Errno.None || memory is null)
                return FeatureDiagnosis.Unknown(Feature, $"There was no memory to try it on: {error.Describe()}.", null);
            using (memory)
                return Scan(files, pageMap, memory);
        }
    }

    // The first page and the third are there.
    private static FeatureDiagnosis Scan(KernelFiles files, KernelFile pageMap, OwnMemory memory)
    {
        memory.Touch(0);
        memory.Touch(2);
        PageMapScan scan = new()
        {
            Start = memory.Address,
            End = memory.Address + (ulong)memory.Length,
            CategoryMask = PageMapScan.Present,
            ReturnMask = PageMapScan.Present,
        };
        Span<PageRegion> regions = stackalloc PageRegion[4];
        IoResult found = pageMap.ScanPages(ref scan, regions);
        if (found.Error is Errno.ENOTTY or Errno.EINVAL)
            return FeatureDiagnosis.Missing(FeatureNames.PageMapScan, $"The kernel does not know this request: {found.Error.Describe()}.", "Use Linux 6.7 or later.");
        if (!found.Ok)
            return FeatureDiagnosis.Missing(FeatureNames.PageMapScan, $"{files.Display(PageMap.Name)}: {found.Error.Describe()}.", null);
        ulong page = (ulong)files.PageSize;
        return found.Count == 2 && IsPage(regions[0], memory.Address, page) && IsPage(regions[1], memory.Address + (2 * page), page)
            ? FeatureDiagnosis.Available(FeatureNames.PageMapScan)
            : FeatureDiagnosis.Missing(FeatureNames.PageMapScan, $"Of two pages that are in memory it found other ranges, {found.Count} in number.", null);
    }

    private static bool IsPage(PageRegion region, ulong start, ulong page) => region.Start == start && region.End == start + page;
}
