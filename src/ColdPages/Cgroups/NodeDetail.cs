namespace ColdPages;

/// <summary>
/// What of a memcg's memory lies on one NUMA node, in bytes, of memory.numa_stat. Null is a number that is not known.
/// </summary>
/// <remarks>
/// cgroup v1 counts by LRU list: there the anonymous memory has the shared memory with it, which is null, and neither it nor the page cache has what is unevictable.
/// </remarks>
public readonly record struct NodeDetail
{
    /// <summary>The node's number.</summary>
    public int Node { get; init; }

    /// <summary>Anonymous memory.</summary>
    public long? AnonBytes { get; init; }

    /// <summary>Page cache, without shared memory.</summary>
    public long? FileBytes { get; init; }

    /// <summary>Shared memory and tmpfs.</summary>
    public long? ShmemBytes { get; init; }

    /// <summary>Of all these, but for cgroup v1, what reclaim can't touch, such as mlocked pages.</summary>
    public long? UnevictableBytes { get; init; }
}
