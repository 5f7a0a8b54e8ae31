namespace ColdPages.Simulation;

/// <summary>The kernel files of a host that are no memcg's.</summary>
internal enum HostFile
{
    IdleBitmap,
    PageFlags,
    PageCgroup,
    PageCount,
    VmStat,
    MemInfo,
    MountInfo,
    OsRelease,
    CpusOnline,
    HugePageSize,
    LruGen,
    LruGenEnabled,
    LruGenMinimum,
    ZoneInfo,

    /// <summary>The first of the files stats/split of transparent_hugepage, one an order.</summary>
    Splits = 100,

    /// <summary>The first of the files stats/split_deferred.</summary>
    DeferredSplits = 200,
}
