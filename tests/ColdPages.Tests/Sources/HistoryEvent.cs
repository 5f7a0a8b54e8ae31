namespace ColdPages.Tests;

/// <summary>What happens in a random history.</summary>
internal enum HistoryEvent
{
    Touch,
    Free,
    Reuse,
    Isolation,
    PutBack,
    Migration,
    MigrationOntoFreed,
    Split,
    SplitWithFreedTails,
    PartialUnmap,
    Collapse,
    LazyFree,
    MemcgRemoved,
    InodeReused,
    ProcessMoved,
    ChargeMoved,
    HotRemove,
    HotAdd,
    SwapOut,
    SwapIn,
    Mlock,
    Munlock,
    ReclaimScan,
    PageCacheReclaimed,
}
