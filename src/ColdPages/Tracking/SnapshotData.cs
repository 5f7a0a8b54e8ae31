using System.Runtime.InteropServices;

namespace ColdPages;

/// <summary>
/// The memcgs of a snapshot as columns, in tree order: each before those below it, so that a subtree is a range, and its sum one walk over
/// neighbours. Only numbers that are not 0 are kept, 10 bytes each.
/// </summary>
internal sealed class SnapshotData
{
    public const int MaxBins = SparseRows.MaxLength / BinLayout.Stride;

    // The last part of each path; the whole path where the parent is not in the snapshot.
    private readonly List<string> _names = [];
    private readonly List<int> _parents = [];
    private readonly List<int> _ends = [];
    private readonly List<ulong> _inodes = [];
    private readonly List<MemcgMemory> _memory = [];
    private readonly SparseRows _ages = new();
    private readonly SparseRows _promotions = new();

    // Both only where they were asked for.
    private readonly List<MemcgDetail> _details = [];
    private readonly SparseRows _idleDetails = new();

    public SnapshotData(TimeSpan[] edges, int[]? nodes = null)
    {
        Edges = edges;
        Nodes = nodes;
    }

    /// <summary>Where each bin begins.</summary>
    public TimeSpan[] Edges { get; }

    /// <summary>The numbers of the NUMA nodes that detail is told of; null where none is told.</summary>
    public int[]? Nodes { get; }

    /// <summary>Whether it is told in which state idle memory is.</summary>
    public bool HasIdleDetail => _idleDetails.Count > 0;

    public int IdleDetailValues => Nodes is null ? 0 : Edges.Length * IdleDetailLayout.Stride(Nodes.Length);

    public int Count => _names.Count;

    public int ValuesPerHistogram => Edges.Length * BinLayout.Stride;

    /// <summary>Two numbers a bin: at least, at most.</summary>
    public int PromotionValues => Edges.Length * 2;

    /// <summary>The nearest memcg above that is in the snapshot, or -1.</summary>
    public int Parent(int index) => _parents[index];

    /// <summary>One beyond the last memcg below this one.</summary>
    public int End(int index) => _ends[index];

    public ulong Inode(int index) => _inodes[index];

    public MemcgMemory Memory(int index) => _memory[index];

    /// <summary>Adds the next memcg in tree order.</summary>
    public int Add(string name, int parent, ulong inode, MemcgMemory memory, ReadOnlySpan<long> local, ReadOnlySpan<long> promotions = default)
    {
        int index = Count;
        _names.Add(name);
        _parents.Add(parent);
        _ends.Add(index + 1);
        _inodes.Add(inode);
        _memory.Add(memory);
        _ages.Add(local);
        _promotions.Add(promotions);
        for (int above = parent; above >= 0; above = _parents[above])
            _ends[above] = index + 1;
        return index;
    }

    /// <summary>Adds the detail of the memcg that was added last: its own. Of a snapshot that has any all memcgs have some.</summary>
    public void AddDetail(MemcgDetail detail, ReadOnlySpan<long> idle)
    {
        _details.Add(detail);
        if (!idle.IsEmpty)
            _idleDetails.Add(idle);
    }

    /// <summary>The detail of a memcg, or of its subtree; null where none is told.</summary>
    public MemcgDetail? Detail(int index, MemcgScope scope) =>
        Nodes is null ? null : _details[index].Plus(CollectionsMarshal.AsSpan(_details)[(index + 1)..RangeEnd(index, scope)]);

    /// <summary>As <see cref="Sum"/>, of the states of idle memory, as <see cref="IdleDetailLayout"/> has them.</summary>
    public void SumIdleDetail(int index, MemcgScope scope, Span<long> sums) => _idleDetails.Sum(index, RangeEnd(index, scope), sums);

    /// <summary>Gives back what the growing lists took too much.</summary>
    public void Trim()
    {
        _names.TrimExcess();
        _parents.TrimExcess();
        _ends.TrimExcess();
        _inodes.TrimExcess();
        _memory.TrimExcess();
        _ages.Trim();
        _promotions.Trim();
        _details.TrimExcess();
        _idleDetails.Trim();
    }

    /// <summary>Sums the numbers of a memcg, or of its subtree, as <see cref="BinLayout"/> has them.</summary>
    public void Sum(int index, MemcgScope scope, Span<long> sums) => _ages.Sum(index, RangeEnd(index, scope), sums);

    /// <summary>As <see cref="Sum"/>, of the promotions.</summary>
    public void SumPromotions(int index, MemcgScope scope, Span<long> sums) => _promotions.Sum(index, RangeEnd(index, scope), sums);

    /// <summary>The whole path, in one string.</summary>
    public string Path(int index)
    {
        if (_parents[index] < 0)
            return _names[index];
        int length = 0;
        for (int i = index; i >= 0; i = _parents[i])
            length += Part(i).Length + (_parents[i] < 0 ? 0 : 1);
        return string.Create(length, (Data: this, Index: index), static (path, state) =>
        {
            for (int i = state.Index; i >= 0; i = state.Data._parents[i])
            {
                string part = state.Data.Part(i);
                part.CopyTo(path[^part.Length..]);
                path = path[..^part.Length];
                if (state.Data._parents[i] >= 0)
                {
                    path[^1] = '/';
                    path = path[..^1];
                }
            }
        });
    }

    /// <summary>The memcg of a path, or -1.</summary>
    public int Find(string path)
    {
        // Walks down the tree, a name at a time, over the siblings at each level.
        int from = 0;
        int end = Count;
        ReadOnlySpan<char> rest = path;
        while (from < end)
        {
            string name = _names[from];
            if (rest.SequenceEqual(name))
                return from;
            bool within = rest.StartsWith(name) && (name == "/" || rest[name.Length] == '/');
            if (!within)
            {
                from = _ends[from];
                continue;
            }

            rest = rest[(name == "/" ? 1 : name.Length + 1)..];
            end = _ends[from];
            from++;
        }

        return -1;
    }

    private int RangeEnd(int index, MemcgScope scope) => scope == MemcgScope.Local ? index + 1 : _ends[index];

    // "/" at the top is the slash before the name below it.
    private string Part(int index) => _names[index] == "/" && _parents[index] < 0 ? "" : _names[index];

    public bool ContentEquals(SnapshotData other) =>
        Edges.AsSpan().SequenceEqual(other.Edges)
        && CollectionsMarshal.AsSpan(_names).SequenceEqual(CollectionsMarshal.AsSpan(other._names))
        && CollectionsMarshal.AsSpan(_parents).SequenceEqual(CollectionsMarshal.AsSpan(other._parents))
        && CollectionsMarshal.AsSpan(_inodes).SequenceEqual(CollectionsMarshal.AsSpan(other._inodes))
        && CollectionsMarshal.AsSpan(_memory).SequenceEqual(CollectionsMarshal.AsSpan(other._memory))
        && _ages.ContentEquals(other._ages)
        && _promotions.ContentEquals(other._promotions)
        && (Nodes is null) == (other.Nodes is null) && Nodes.AsSpan().SequenceEqual(other.Nodes)
        && CollectionsMarshal.AsSpan(_details).SequenceEqual(CollectionsMarshal.AsSpan(other._details))
        && _idleDetails.ContentEquals(other._idleDetails);
}
