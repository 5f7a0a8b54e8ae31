namespace ColdPages.Simulation;

/// <summary>Who a folio's frames work for.</summary>
internal enum FolioUse
{
    /// <summary>Anonymous memory, page cache or shmem: what the LRU lists hold.</summary>
    User,

    /// <summary>Kernel objects. Their page flags are partly those objects' bytes, and read as garbage.</summary>
    Slab,

    PageTable,

    /// <summary>Of the hugetlb pool: mapped by processes, on no LRU list, charged to no memcg.</summary>
    Hugetlb,
}
