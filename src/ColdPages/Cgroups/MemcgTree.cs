namespace ColdPages;

/// <summary>Every memory cgroup of the host, kept up to date by walking its folders.</summary>
internal sealed class MemcgTree
{
    private static readonly Comparer<Memcg> s_byName =
        Comparer<Memcg>.Create(static (a, b) => a.Name.AsSpan().SequenceCompareTo(b.Name));

    private readonly KernelFiles _files;
    private readonly Dictionary<ulong, Memcg> _byInode = [];
    private readonly Dictionary<byte[], Memcg> _byPath = new(ByteStringComparer.Instance);
    private readonly Stack<int> _freeRows = [];
    private readonly List<Memcg> _dead = [];
    private readonly Stack<Memcg> _toWalk = [];
    private readonly DirectoryListing _listing = new();
    private readonly List<Memcg> _inOrder = [];
    private int _walk;

    public MemcgTree(KernelFiles files, MemcgHierarchy hierarchy)
    {
        _files = files;
        Hierarchy = hierarchy;
    }

    public MemcgHierarchy Hierarchy { get; }

    /// <summary>The top of what is mounted; null before the first walk.</summary>
    public Memcg? Root { get; private set; }

    public int Count => _byInode.Count;

    /// <summary>One more than the largest <see cref="Memcg.Row"/>.</summary>
    public int Rows { get; private set; }

    /// <summary>The memcgs of the last walk: each before those below it, siblings by name.</summary>
    public IReadOnlyList<Memcg> InOrder => _inOrder;

    /// <summary>Folders that the last walk found new.</summary>
    public int Births { get; private set; }

    /// <summary>Folders that the last walk found gone.</summary>
    public int Deaths { get; private set; }

    /// <summary>Walks the folders again. A cgroup that vanishes meanwhile is gone; only a root that cannot be read is an error.</summary>
    public Errno Refresh()
    {
        _walk++;
        Births = Deaths = 0;
        Errno error = Walk();
        if (error != Errno.None)
            return error;
        _dead.Clear();
        foreach (Memcg memcg in _byInode.Values)
        {
            if (memcg.SeenAt != _walk)
                _dead.Add(memcg);
        }

        foreach (Memcg memcg in _dead)
            Remove(memcg);
        SetInOrder();
        return Errno.None;
    }

    public Memcg? FindInode(ulong inode) => _byInode.GetValueOrDefault(inode);

    public Memcg? FindPath(ReadOnlySpan<byte> path) =>
        _byPath.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(path, out Memcg? memcg) ? memcg : null;

    /// <summary>The memcg of a path as a person writes it and <see cref="KernelName"/> shows it.</summary>
    public Memcg? FindText(string path)
    {
        if (FindPath(System.Text.Encoding.UTF8.GetBytes(path)) is { } memcg)
            return memcg;
        foreach (Memcg candidate in _inOrder)
        {
            if (KernelName.ToText(candidate.Path) == path)
                return candidate;
        }

        return null;
    }

    /// <summary>
    /// The memcg that a process with this path of /proc/PID/cgroup is charged to: its cgroup, or the nearest one above that has the
    /// memory controller and is still there ("/a/b (deleted)" belongs to /a). Null when it is outside of what is mounted here.
    /// </summary>
    public Memcg? FindCharged(ReadOnlySpan<byte> processPath)
    {
        if (!Hierarchy.TryMakeRelative(processPath, out ReadOnlySpan<byte> path))
            return null;
        while (true)
        {
            if (FindPath(path) is { HasController: true } memcg)
                return memcg;
            int slash = path.LastIndexOf((byte)'/');
            if (slash <= 0)
                return Root;
            path = path[..slash];
        }
    }

    // Not recursive: whoever may make cgroups may nest them as deep as a path is long.
    private Errno Walk()
    {
        Errno error = _files.List(RootDirectory, _listing);
        if (error != Errno.None)
            return error;
        if (Root is null || Root.Inode != _listing.OwnInode)
            Root = Add(_listing.OwnInode, "/"u8, parent: null);
        VisitListing(Root);
        while (_toWalk.TryPop(out Memcg? memcg))
        {
            // One that cannot be listed any more is gone: no error, and not seen.
            if (_files.List(memcg.Directory, _listing) == Errno.None)
                VisitListing(memcg);
        }

        return Errno.None;
    }

    private void VisitListing(Memcg memcg)
    {
        memcg.SeenAt = _walk;
        memcg.HasController = memcg.Parent is null || Hierarchy.Version == 1 || _listing.Contains("memory.current"u8);
        if (!memcg.HasController)
            return;
        for (int i = 0; i < _listing.Count; i++)
        {
            if (!_listing.IsDirectory(i))
                continue;
            Memcg? child = FindInode(_listing.Inode(i));
            if (child is null || child.Parent != memcg || !_listing.Name(i).SequenceEqual(child.Name))
                child = Add(_listing.Inode(i), _listing.Name(i), memcg);
            _toWalk.Push(child);
        }
    }

    private ReadOnlySpan<byte> RootDirectory => Hierarchy.MountPoint.Length == 0 ? "/"u8 : Hierarchy.MountPoint;

    private Memcg Add(ulong inode, ReadOnlySpan<byte> name, Memcg? parent)
    {
        // The same inode under another name is another cgroup: the number was used again.
        if (FindInode(inode) is { } stale)
            Remove(stale);
        Memcg memcg = new(inode, name.ToArray(), parent, Hierarchy.MountPoint)
        {
            Row = _freeRows.Count > 0 ? _freeRows.Pop() : Rows++,
        };
        if (FindPath(memcg.Path) is { } replaced)
            Remove(replaced);
        if (parent is null)
        {
            Root = memcg;
        }
        else
        {
            int place = parent.Children.BinarySearch(memcg, s_byName);
            parent.Children.Insert(place < 0 ? ~place : place, memcg);
        }

        _byInode[inode] = memcg;
        _byPath[memcg.Path] = memcg;
        Births++;
        return memcg;
    }

    private void Remove(Memcg memcg)
    {
        // Whoever was below it was not seen either, and is removed in turn.
        if (!_byPath.Remove(memcg.Path))
            return;
        _byInode.Remove(memcg.Inode);
        memcg.Parent?.Children.Remove(memcg);
        _freeRows.Push(memcg.Row);
        Deaths++;
    }

    private void SetInOrder()
    {
        _inOrder.Clear();
        if (Root is null)
            return;
        _toWalk.Push(Root);
        while (_toWalk.TryPop(out Memcg? memcg))
        {
            if (!memcg.HasController)
                continue;
            _inOrder.Add(memcg);
            for (int i = memcg.Children.Count - 1; i >= 0; i--)
                _toWalk.Push(memcg.Children[i]);
        }
    }
}
