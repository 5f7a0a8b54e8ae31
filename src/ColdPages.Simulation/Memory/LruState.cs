namespace ColdPages.Simulation;

/// <summary>Where a folio stands with the LRU lists. Only on a list it has the LRU flag, which the idle bitmap asks for.</summary>
internal enum LruState
{
    /// <summary>It never goes onto a list: kernel memory, hugetlb.</summary>
    Never,

    OnList,

    /// <summary>Fresh, and still in a CPU's batch of folios to add: no list counts it yet.</summary>
    InAddBatch,

    /// <summary>
    /// In a CPU's batch of folios to activate or deactivate, on a kernel that takes the flag away when it puts them there (late ones of 6.12 do so
    /// for a moment only, when they empty the batch). The list that it comes from goes on counting it.
    /// </summary>
    InMoveBatch,

    /// <summary>Taken off its list by reclaim, compaction or a migration; no list counts it.</summary>
    Isolated,
}
