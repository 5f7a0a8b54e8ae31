namespace ColdPages;

/// <summary>The numbers of a <see cref="MemcgDetail"/>, by their place; behind them four for each node, as <see cref="NodeDetailItem"/> has them.</summary>
internal enum MemcgDetailItem
{
    File,
    FileDirty,
    FileWriteback,
    FileMapped,
    Unevictable,
    Kernel,
    SlabReclaimable,
    SlabUnreclaimable,
    KernelStack,
    PageTables,
    SecondaryPageTables,
    Percpu,
    Vmalloc,
    Zswap,
    Sockets,
    Hugetlb,
    HugetlbReserved,
    Count,
}
