namespace ColdPages;

/// <summary>What features are called, in the order in which they are told. They are part of the JSON: docs/doctor-json.md explains each.</summary>
internal static class FeatureNames
{
    public const string IdlePageTracking = "idle page tracking";
    public const string PageMap = "pagemap";
    public const string PageMapScan = "PAGEMAP_SCAN";
    public const string PageFlags = "kpageflags";
    public const string TailsIdle = "kpageflags idle on tails";
    public const string PageOwners = "kpagecgroup";
    public const string LruGen = "lru_gen";
    public const string LruGenWalk = "lru_gen mm_walk";
    public const string LruGenNonLeaf = "lru_gen nonleaf_young";
    public const string LruGenDebugFs = "lru_gen debugfs";
    public const string LruGenMinTtl = "lru_gen min_ttl_ms";
    public const string Smaps = "smaps";
    public const string ClearRefs = "clear_refs";
    public const string Swap = "swap";
    public const string Pressure = "memory pressure (PSI)";
    public const string CgroupV2 = "cgroup v2 memory";
    public const string Reclaim = "memory.reclaim";
    public const string ReclaimSwappiness = "memory.reclaim swappiness";
    public const string ReclaimSwappinessMax = "memory.reclaim swappiness=max";
    public const string NodeReclaim = "node reclaim";
    public const string ProcessMAdvise = "process_madvise";
    public const string HugePages = "transparent huge pages";

    public static readonly string[] All =
    [
        IdlePageTracking, PageMap, PageMapScan, PageFlags, TailsIdle, PageOwners, LruGen, LruGenWalk, LruGenNonLeaf, LruGenDebugFs, LruGenMinTtl, Smaps, ClearRefs, Swap, Pressure,
        CgroupV2, Reclaim, ReclaimSwappiness, ReclaimSwappinessMax, NodeReclaim, ProcessMAdvise, HugePages,
    ];
}
