namespace ColdPages;

/// <summary>In which state the bytes are whose idle age lies in one range, at most, as <see cref="IdleDetail"/> says. By folio: one that is dirty or mapped in part counts whole; what is shared is counted page by page.</summary>
public sealed record IdleDetailBin
{
    private readonly IReadOnlyList<NodeBytes> _nodes = [];

    /// <summary>The youngest age of the range.</summary>
    public required TimeSpan From { get; init; }

    /// <summary>The first age beyond the range; null for the last bin, which is open.</summary>
    public required TimeSpan? To { get; init; }

    /// <summary>Bytes of page cache that is neither dirty nor being written back: reclaim can drop it as it is.</summary>
    public long FileCleanBytes { get; init; }

    /// <summary>Bytes of page cache that has to be written back first.</summary>
    public long FileDirtyBytes { get; init; }

    /// <summary>Bytes of page cache that is not dirty and is being written back.</summary>
    public long FileWritebackBytes { get; init; }

    /// <summary>Bytes of page cache and shared memory that some process has mapped.</summary>
    public long FileMappedBytes { get; init; }

    /// <summary>Bytes of any kind that reclaim can't touch, such as mlocked pages.</summary>
    public long UnevictableBytes { get; init; }

    /// <summary>Bytes of any kind that are locked into memory by mlock.</summary>
    public long MlockedBytes { get; init; }

    /// <summary>
    /// Bytes of any kind that are mapped more than once: by processes that share a file, by a child that has its parent's memory still, by pages that were merged. They are counted once,
    /// where they are charged, and the processes may be of other memcgs. (A kernel that keeps count by folio alone tells all of a large folio or nothing, by the average of its pages.)
    /// </summary>
    public long SharedBytes { get; init; }

    /// <summary>Bytes of any kind that were touched or freed since the pass, or of which the kernel did not say what state they are in; they are in none of the states above.</summary>
    public long UnknownBytes { get; init; }

    /// <summary>Bytes of any kind by NUMA node, for each node that has memory. Where all nodes are known they add up to the bin.</summary>
    public IReadOnlyList<NodeBytes> Nodes { get => _nodes; init => _nodes = value ?? throw new ArgumentNullException(nameof(value)); }

    /// <summary>Whether both say the same.</summary>
    public bool Equals(IdleDetailBin? other) =>
        other is not null && From == other.From && To == other.To && FileCleanBytes == other.FileCleanBytes && FileDirtyBytes == other.FileDirtyBytes && FileWritebackBytes == other.FileWritebackBytes
        && FileMappedBytes == other.FileMappedBytes && UnevictableBytes == other.UnevictableBytes && MlockedBytes == other.MlockedBytes && SharedBytes == other.SharedBytes && UnknownBytes == other.UnknownBytes
        && _nodes.SequenceEqual(other._nodes);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(From, To, FileCleanBytes, FileDirtyBytes, FileMappedBytes, MlockedBytes, UnknownBytes);
}
