namespace ColdPages;

/// <summary>
/// What a memcg's memory is made of, in bytes, by the kernel's own counts (memory.stat, memory.numa_stat, hugetlb.*): its own, or that of those below it too. Null is a number that is not
/// known: this kernel or cgroup version does not tell, or it could not be read.
/// </summary>
/// <remarks>
/// The kernel sums up most of them late: they may be off by some hundred pages a CPU. What a memcg below did not tell counts as that of the one above it.
/// No kernel counts what is mlocked by memcg; of idle memory <see cref="IdleDetailBin.MlockedBytes"/> tells it.
/// </remarks>
public sealed class MemcgDetail : IEquatable<MemcgDetail>
{
    /// <summary>A number that is not known.</summary>
    internal const long Unknown = -1;

    private readonly int[] _nodes;
    private readonly long[] _values;

    /// <param name="nodes">The numbers of the nodes. Shared, never changed.</param>
    /// <param name="values">As <see cref="MemcgDetailItem"/> has them, then <see cref="NodeDetailItem"/> for each node. Owned by the detail from here on.</param>
    internal MemcgDetail(int[] nodes, long[] values)
    {
        _nodes = nodes;
        _values = values;
    }

    /// <summary>Page cache, without shared memory.</summary>
    public long? FileBytes => Get(MemcgDetailItem.File);

    /// <summary>Page cache that is neither dirty nor being written back: reclaim can drop it as it is.</summary>
    public long? FileCleanBytes => FileBytes - FileDirtyBytes - FileWritebackBytes is { } clean ? Math.Max(0, clean) : null;

    /// <summary>Page cache that has to be written back first.</summary>
    public long? FileDirtyBytes => Get(MemcgDetailItem.FileDirty);

    /// <summary>Page cache that is being written back; the kernel counts pages on their way to swap with it, and <see cref="FileCleanBytes"/> is too low by those.</summary>
    public long? FileWritebackBytes => Get(MemcgDetailItem.FileWriteback);

    /// <summary>Page cache and shared memory that some process has mapped.</summary>
    public long? FileMappedBytes => Get(MemcgDetailItem.FileMapped);

    /// <summary>Memory of any kind that reclaim can't touch, such as mlocked pages.</summary>
    public long? UnevictableBytes => Get(MemcgDetailItem.Unevictable);

    /// <summary>Kernel memory, which has no age; what follows, to <see cref="ZswapBytes"/>, is parts of it.</summary>
    public long? KernelBytes => Get(MemcgDetailItem.Kernel);

    /// <summary>Kernel objects that reclaim can free, such as dentries and inodes.</summary>
    public long? SlabReclaimableBytes => Get(MemcgDetailItem.SlabReclaimable);

    /// <summary>Kernel objects that it cannot.</summary>
    public long? SlabUnreclaimableBytes => Get(MemcgDetailItem.SlabUnreclaimable);

    /// <summary>Stacks of the processes in the kernel.</summary>
    public long? KernelStackBytes => Get(MemcgDetailItem.KernelStack);

    /// <summary>Page tables.</summary>
    public long? PageTablesBytes => Get(MemcgDetailItem.PageTables);

    /// <summary>Page tables of virtual machines and devices.</summary>
    public long? SecondaryPageTablesBytes => Get(MemcgDetailItem.SecondaryPageTables);

    /// <summary>What the kernel has for each CPU.</summary>
    public long? PercpuBytes => Get(MemcgDetailItem.Percpu);

    /// <summary>vmalloc.</summary>
    public long? VmallocBytes => Get(MemcgDetailItem.Vmalloc);

    /// <summary>Compressed pages that were to be swapped.</summary>
    public long? ZswapBytes => Get(MemcgDetailItem.Zswap);

    /// <summary>Buffers of network connections; no part of <see cref="KernelBytes"/>.</summary>
    public long? SocketBytes => Get(MemcgDetailItem.Sockets);

    /// <summary>Huge pages of the hugetlb pool in use, which have no age. The kernel counts them as no memory of the memcg's, but where cgroup2 is mounted with memory_hugetlb_accounting.</summary>
    public long? HugetlbBytes => Get(MemcgDetailItem.Hugetlb);

    /// <summary>Huge pages of the hugetlb pool that are reserved, those in use by who reserved them included.</summary>
    public long? HugetlbReservedBytes => Get(MemcgDetailItem.HugetlbReserved);

    /// <summary>Which kinds of memory lie on which NUMA node, for each node that has memory.</summary>
    public IReadOnlyList<NodeDetail> Nodes => field ??= Array.AsReadOnly([.. _nodes.Select((node, i) => new NodeDetail
    {
        Node = node,
        AnonBytes = Get(i, NodeDetailItem.Anon),
        FileBytes = Get(i, NodeDetailItem.File),
        ShmemBytes = Get(i, NodeDetailItem.Shmem),
        UnevictableBytes = Get(i, NodeDetailItem.Unevictable),
    })]);

    internal static int ValuesOf(int nodes) => (int)MemcgDetailItem.Count + (nodes * (int)NodeDetailItem.Count);

    internal static int PlaceOf(int node, NodeDetailItem item) => (int)MemcgDetailItem.Count + (node * (int)NodeDetailItem.Count) + (int)item;

    internal ReadOnlySpan<long> Values => _values;

    /// <summary>This and others below it together. A number that is not known of this one is not known of all together.</summary>
    internal MemcgDetail Plus(ReadOnlySpan<MemcgDetail> below)
    {
        long[] sums = [.. _values];
        foreach (MemcgDetail other in below)
        {
            for (int i = 0; i < sums.Length; i++)
                sums[i] += sums[i] == Unknown ? 0 : Math.Max(0, other._values[i]);
        }

        return new MemcgDetail(_nodes, sums);
    }

    /// <summary>Whether both say the same.</summary>
    public bool Equals(MemcgDetail? other) => other is not null && _nodes.AsSpan().SequenceEqual(other._nodes) && _values.AsSpan().SequenceEqual(other._values);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as MemcgDetail);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(FileBytes, KernelBytes, HugetlbBytes, _values.Length);

    private long? Get(MemcgDetailItem item) => Get((int)item);

    private long? Get(int node, NodeDetailItem item) => Get(PlaceOf(node, item));

    private long? Get(int place) => _values[place] == Unknown ? null : _values[place];
}
