namespace ColdPages;

/// <summary>
/// A memcg in a snapshot: who it is, what it uses, and how long its bytes have been idle. A view into the snapshot, which it keeps alive.
/// </summary>
public readonly struct MemcgAges : IEquatable<MemcgAges>
{
    private readonly ColdPageSnapshot? _snapshot;

    internal MemcgAges(ColdPageSnapshot snapshot, int index)
    {
        _snapshot = snapshot;
        Index = index;
    }

    /// <summary>From the root of the memory hierarchy, as in "/kubepods/pod1"; bytes that are not UTF-8 read \xNN. Not escaped for a terminal.</summary>
    public string Path => Data.Path(Index);

    /// <summary>The inode of its folder, by which /proc/kpagecgroup knows it.</summary>
    public ulong Inode => Data.Inode(Index);

    /// <summary>What it says of its own memory, and its limits; read when the snapshot was taken.</summary>
    public MemcgMemory Memory => Data.Memory(Index);

    /// <summary>How many memcgs of the snapshot lie above it.</summary>
    public int Depth
    {
        get
        {
            int depth = 0;
            for (int above = Data.Parent(Index); above >= 0; above = Data.Parent(above))
                depth++;
            return depth;
        }
    }

    /// <summary>It, then every memcg of the snapshot below it, in tree order.</summary>
    public IEnumerable<MemcgAges> Subtree() => Snapshot.Memcgs.Take(Index..Data.End(Index));

    internal int Index { get; }

    internal bool IsOf(ColdPageSnapshot snapshot) => ReferenceEquals(_snapshot, snapshot);

    private SnapshotData Data => Snapshot.Data;

    private ColdPageSnapshot Snapshot => _snapshot ?? throw new InvalidOperationException("This is no memcg of any snapshot: a default value, as ColdPageSnapshot.TryGetMemcg leaves where it gives false.");

    /// <summary>Its bytes by idle age.</summary>
    public AgeHistogram Idle(MemcgScope scope = MemcgScope.Hierarchical)
    {
        long[] values = new long[Data.ValuesPerHistogram];
        Data.Sum(Index, scope, values);
        return new AgeHistogram(Data.Edges, values);
    }

    /// <summary>Its promotions since the start; none where the source counts none (<see cref="ColdPageSource.Referenced"/>, or a passive tracker).</summary>
    public PromotionHistogram Promotions(MemcgScope scope = MemcgScope.Hierarchical)
    {
        long[] values = new long[Data.PromotionValues];
        Data.SumPromotions(Index, scope, values);
        return new PromotionHistogram(Data.Edges, values);
    }

    /// <summary>What its memory is made of; null where that was not asked for (<see cref="ColdPageTrackerOptions.Detail"/>).</summary>
    public MemcgDetail? Detail(MemcgScope scope = MemcgScope.Hierarchical) => Data.Detail(Index, scope);

    /// <summary>In which state its idle bytes are; null where that was not asked for (<see cref="ColdPageTrackerOptions.Detail"/>) or the source knows no single pages.</summary>
    public IdleDetail? IdleDetail(MemcgScope scope = MemcgScope.Hierarchical)
    {
        if (!Data.HasIdleDetail)
            return null;
        long[] values = new long[Data.IdleDetailValues];
        Data.SumIdleDetail(Index, scope, values);
        return new IdleDetail(Data.Edges, Data.Nodes!, values);
    }

    /// <summary>
    /// Bytes idle for at least <paramref name="age"/>, those of the memcgs below included; 0 at least for an age longer than the host was
    /// watched.
    /// </summary>
    public ByteBounds BytesOlderThan(TimeSpan age) => Idle().BytesOlderThan(age);

    /// <summary>Memory charged, null where the kernel does not say: <see cref="MemcgMemory.CurrentBytes"/> or, alone, <see cref="MemcgMemory.LocalBytes"/>.</summary>
    public long? ResidentBytes(MemcgScope scope = MemcgScope.Hierarchical) =>
        scope == MemcgScope.Local ? Memory.LocalBytes : Memory.CurrentBytes;

    /// <summary>Bytes whose age is known.</summary>
    public long TrackedBytes(MemcgScope scope = MemcgScope.Hierarchical) => Idle(scope).TotalBytes;

    /// <summary>Bytes charged whose age nobody knows, such as kernel memory: never called cold. Null where <see cref="ResidentBytes"/> is.</summary>
    public long? UntrackedBytes(MemcgScope scope = MemcgScope.Hierarchical) =>
        ResidentBytes(scope) is { } resident ? Math.Max(0, resident - TrackedBytes(scope)) : null;

    /// <summary>Whether both are the same memcg of the same snapshot.</summary>
    public bool Equals(MemcgAges other) => ReferenceEquals(_snapshot, other._snapshot) && Index == other.Index;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is MemcgAges other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => Index;

    /// <summary>Its path.</summary>
    public override string ToString() => _snapshot is null ? "" : Path;

    /// <summary>Whether both are the same memcg of the same snapshot.</summary>
    public static bool operator ==(MemcgAges left, MemcgAges right) => left.Equals(right);

    /// <summary>Whether both are not the same memcg of the same snapshot.</summary>
    public static bool operator !=(MemcgAges left, MemcgAges right) => !left.Equals(right);
}
