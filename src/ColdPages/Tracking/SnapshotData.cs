using System.Runtime.InteropServices;

namespace ColdPages;

/// <summary>
/// The memcgs of a snapshot as columns, in tree order: each before those below it, so that a subtree is a range, and its sum one walk over
/// neighbours. Only numbers that are not 0 are kept, 10 bytes each.
/// </summary>
internal sealed class SnapshotData
{
    /// <summary>A number's place in its histogram is kept in 16 bits.</summary>
    public const int MaxBins = (ushort.MaxValue + 1) / BinLayout.Stride;

    // The last part of each path; the whole path where the parent is not in the snapshot.
    private readonly List<string> _names = [];
    private readonly List<int> _parents = [];
    private readonly List<int> _ends = [];
    private readonly List<ulong> _inodes = [];
    private readonly List<MemcgMemory> _memory = [];
    private readonly List<int> _starts = [];
    private readonly List<ushort> _places = [];
    private readonly List<long> _values = [];

    public SnapshotData(TimeSpan[] edges) => Edges = edges;

    /// <summary>Where each bin begins.</summary>
    public TimeSpan[] Edges { get; }

    public int Count => _names.Count;

    public int ValuesPerHistogram => Edges.Length * BinLayout.Stride;

    /// <summary>The nearest memcg above that is in the snapshot, or -1.</summary>
    public int Parent(int index) => _parents[index];

    /// <summary>One beyond the last memcg below this one.</summary>
    public int End(int index) => _ends[index];

    public ulong Inode(int index) => _inodes[index];

    public MemcgMemory Memory(int index) => _memory[index];

    /// <summary>Adds the next memcg in tree order.</summary>
    public int Add(string name, int parent, ulong inode, MemcgMemory memory, ReadOnlySpan<long> local)
    {
        int index = Count;
        _names.Add(name);
        _parents.Add(parent);
        _ends.Add(index + 1);
        _inodes.Add(inode);
        _memory.Add(memory);
        _starts.Add(_values.Count);
        for (int place = 0; place < local.Length; place++)
        {
            if (local[place] == 0)
                continue;
            _places.Add((ushort)place);
            _values.Add(local[place]);
        }

        for (int above = parent; above >= 0; above = _parents[above])
            _ends[above] = index + 1;
        return index;
    }

    /// <summary>Gives back what the growing lists took too much.</summary>
    public void Trim()
    {
        _names.TrimExcess();
        _parents.TrimExcess();
        _ends.TrimExcess();
        _inodes.TrimExcess();
        _memory.TrimExcess();
        _starts.TrimExcess();
        _places.TrimExcess();
        _values.TrimExcess();
    }

    /// <summary>Sums the numbers of a memcg, or of its subtree, as <see cref="BinLayout"/> has them.</summary>
    public void Sum(int index, MemcgScope scope, Span<long> sums)
    {
        sums.Clear();
        int last = scope == MemcgScope.Local ? index + 1 : _ends[index];
        int end = last < Count ? _starts[last] : _values.Count;
        ReadOnlySpan<ushort> places = CollectionsMarshal.AsSpan(_places);
        ReadOnlySpan<long> values = CollectionsMarshal.AsSpan(_values);
        for (int i = _starts[index]; i < end; i++)
            sums[places[i]] += values[i];
    }

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

    // "/" at the top is the slash before the name below it.
    private string Part(int index) => _names[index] == "/" && _parents[index] < 0 ? "" : _names[index];

    public bool ContentEquals(SnapshotData other) =>
        Edges.AsSpan().SequenceEqual(other.Edges)
        && CollectionsMarshal.AsSpan(_names).SequenceEqual(CollectionsMarshal.AsSpan(other._names))
        && CollectionsMarshal.AsSpan(_parents).SequenceEqual(CollectionsMarshal.AsSpan(other._parents))
        && CollectionsMarshal.AsSpan(_inodes).SequenceEqual(CollectionsMarshal.AsSpan(other._inodes))
        && CollectionsMarshal.AsSpan(_memory).SequenceEqual(CollectionsMarshal.AsSpan(other._memory))
        && CollectionsMarshal.AsSpan(_starts).SequenceEqual(CollectionsMarshal.AsSpan(other._starts))
        && CollectionsMarshal.AsSpan(_places).SequenceEqual(CollectionsMarshal.AsSpan(other._places))
        && CollectionsMarshal.AsSpan(_values).SequenceEqual(CollectionsMarshal.AsSpan(other._values));
}
