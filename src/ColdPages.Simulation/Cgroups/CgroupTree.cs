namespace ColdPages.Simulation;

/// <summary>The cgroups that are there, by the path of their folder.</summary>
internal sealed class CgroupTree
{
    public const string MountPoint = "/sys/fs/cgroup";

    private const ulong RootInode = 1;

    private readonly Dictionary<byte[], SimulatedMemcg> _byDirectory = new(ByteStringComparer.Instance);
    private readonly SimulatedHost _host;
    private readonly Dictionary<ulong, SimulatedMemcg> _byLruGenId = [];
    private readonly List<SimulatedMemcg> _removed = [];
    private ulong _nextInode = RootInode;

    public CgroupTree(SimulatedHost host)
    {
        _host = host;
        ulong inode = TakeInode();
        Root = new SimulatedMemcg(host, null, "/", inode, hasController: true, TakeLruGenId(inode));
        _byDirectory.Add(Root.Directory, Root);
        _byLruGenId.Add(Root.LruGenId, Root);
    }

    public SimulatedMemcg Root { get; }

    /// <summary>Those that were removed and have pages still, and the last one that was.</summary>
    public IReadOnlyList<SimulatedMemcg> Removed => _removed;

    /// <summary>Makes a cgroup with those above it that are missing; gives the one that is there, if there is one.</summary>
    public SimulatedMemcg Make(string path, ulong? inode = null, bool hasController = true)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (path[0] != '/')
            throw new ArgumentException($"A memcg's path begins with a slash, and \"{path}\" does not.", nameof(path));
        SimulatedMemcg memcg = Root;
        string[] names = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        for (int i = 0; i < names.Length; i++)
        {
            bool last = i == names.Length - 1;
            memcg = Child(memcg, names[i]) ?? Add(memcg, names[i], last ? inode : null, !last || hasController);
        }

        return memcg;
    }

    public SimulatedMemcg? Find(string path)
    {
        SimulatedMemcg? memcg = Root;
        foreach (string name in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (memcg is null)
                return null;
            memcg = Child(memcg, name);
        }

        return memcg;
    }

    public SimulatedMemcg? FindDirectory(ReadOnlySpan<byte> directory) =>
        _byDirectory.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(directory, out SimulatedMemcg? memcg) ? memcg : null;

    public SimulatedMemcg? FindByLruGenId(ulong id) => _byLruGenId.GetValueOrDefault(id);

    public void Forget(SimulatedMemcg memcg)
    {
        _byDirectory.Remove(memcg.Directory);
        _byLruGenId.Remove(memcg.LruGenId);

        // Pages that wait in a batch are in no generation yet, and come to one of those of the memcg that they are charged to.
        _removed.RemoveAll(static removed => removed.Counters[MemcgStat.Charged] == 0 && removed.Generations.Sum(lists => lists.Total) == 0);
        if (memcg.HasController && _host.Options.HasMultiGenLru)
            _removed.Add(memcg);
        if (!_host.Options.HasNewLruGen)
            memcg.LruGenId = 0;
    }

    private static SimulatedMemcg? Child(SimulatedMemcg memcg, string name)
    {
        foreach (SimulatedMemcg child in memcg.Below)
        {
            if (child.Name == name)
                return child;
        }

        return null;
    }

    private SimulatedMemcg Add(SimulatedMemcg parent, string name, ulong? inode, bool hasController)
    {
        ulong number = inode ?? TakeInode();
        bool isCharged = hasController && parent.HasController;
        SimulatedMemcg memcg = new(_host, parent, name, number, isCharged, isCharged ? TakeLruGenId(number) : 0);
        _byDirectory.Add(memcg.Directory, memcg);
        if (isCharged)
        {
            _byLruGenId[memcg.LruGenId] = memcg;
            _removed.RemoveAll(removed => removed.LruGenId == memcg.LruGenId);
        }

        return memcg;
    }

    // The cgroup's id, which is its inode; before that the lowest number that is free.
    private ulong TakeLruGenId(ulong inode)
    {
        if (_host.Options.HasNewLruGen)
            return inode;
        ulong id = 1;
        while (_byLruGenId.ContainsKey(id))
            id++;
        return id;
    }

    // The files of a folder have inodes too, those after its own.
    private ulong TakeInode()
    {
        ulong inode = _nextInode;
        _nextInode += (ulong)MemcgFiles.Names.Length + 1;
        return inode;
    }
}
