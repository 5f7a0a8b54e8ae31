namespace ColdPages.Simulation;

/// <summary>What is counted for each memcg with its descendants, and once for the whole host; memory in pages.</summary>
internal enum MemcgStat
{
    /// <summary>A line that is always 0 here.</summary>
    None,

    /// <summary>All that is charged: memory.current.</summary>
    Charged,

    Swap,
    Anon,
    File,
    Kernel,
    PageTables,
    Shmem,
    FileMapped,
    FileDirty,
    FileWriteback,
    SwapCached,
    AnonThp,
    FileThp,
    ShmemThp,
    InactiveAnon,
    ActiveAnon,
    InactiveFile,
    ActiveFile,
    Unevictable,
    IsolatedAnon,
    IsolatedFile,
    Mlocked,
    SlabUnreclaimable,

    /// <summary>Of the hugetlb pool, counted by a controller of its own and not among what is charged.</summary>
    Hugetlb,

    // Events
    PgScan,
    PgFault,
    PgMajFault,
    PgRefill,
    PgActivate,
    PgDeactivate,
    PgLazyFree,
    ThpFaultAlloc,
    ThpCollapseAlloc,
    Count,
}
