namespace ColdPages.Simulation;

/// <summary>Events that /proc/vmstat counts for the whole host.</summary>
internal enum VmEvent
{
    PgFree,
    PgActivate,
    PgDeactivate,
    PgLazyFree,
    PgFault,
    PgMajFault,
    PgRefill,
    PgStealKswapd,
    PgScanKswapd,
    PgScanAnon,
    PgScanFile,
    PswpIn,
    PgMigrateSuccess,
    ThpMigrationSuccess,
    ThpFaultAlloc,
    ThpCollapseAlloc,
    ThpSplitPage,
    ThpSplitPmd,
    ThpDeferredSplitPage,
    Count,
}
