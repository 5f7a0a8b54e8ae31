namespace ColdPages.Tests;

/// <summary>The folders of a v2 hierarchy, changed in step with a host that has them.</summary>
internal sealed class FolderModel
{
    private const int MaxDepth = 4;

    private readonly SortedDictionary<string, ulong> _inodes = new(StringComparer.Ordinal);
    private readonly HashSet<string> _withoutController = [];
    private readonly Queue<ulong> _deadInodes = new();
    private ulong _nextInode = 100;

    public FakeHost Host { get; } = new();

    /// <summary>Some folder that is there, the root with "".</summary>
    public string Pick(byte number) => number % 4 == 0 || _inodes.Count == 0 ? "" : _inodes.Keys.ElementAt(number % _inodes.Count);

    public void Make(string parent, string name, bool useOldInode)
    {
        string path = $"{parent}/{name}";
        if (_inodes.ContainsKey(path) || path.Count(letter => letter == '/') > MaxDepth)
            return;
        Add(path, useOldInode && _deadInodes.TryDequeue(out ulong old) ? old : _nextInode++);
    }

    public void Remove(string path)
    {
        if (path.Length == 0)
            return;
        foreach (string gone in Within(path))
        {
            _deadInodes.Enqueue(_inodes[gone]);
            Forget(gone);
        }

        Host.RemoveMemcg(path);
    }

    /// <summary>As v1 allows: the folders keep their inodes.</summary>
    public void Rename(string path, string name)
    {
        string target = path.Length == 0 ? "" : $"{path[..path.LastIndexOf('/')]}/{name}";
        if (path.Length == 0 || _inodes.ContainsKey(target))
            return;
        List<(string Path, ulong Inode)> moved = [.. Within(path).Select(old => (old, _inodes[old]))];
        foreach ((string old, ulong _) in moved)
            Forget(old);
        Host.RemoveMemcg(path);
        foreach ((string old, ulong inode) in moved)
            Add(target + old[path.Length..], inode);
    }

    /// <summary>The same name, but another folder.</summary>
    public void Replace(string path)
    {
        Remove(path);
        if (path.Length > 0)
            Add(path, _nextInode++);
    }

    public void ToggleController(string path)
    {
        if (path.Length == 0)
            return;
        if (_withoutController.Remove(path))
        {
            Host.AddMemcg(path);
        }
        else
        {
            _withoutController.Add(path);
            Host.Delete($"{Host.CgroupMount}{path}/memory.current");
        }
    }

    /// <summary>What a walk must find.</summary>
    public List<(string Path, ulong Inode)> InOrder()
    {
        List<(string, ulong)> order = [("/", Host.MakeFolder(Host.CgroupMount))];
        AddBelow("", order);
        return order;
    }

    private void AddBelow(string parent, List<(string, ulong)> order)
    {
        IEnumerable<string> children = _inodes.Keys
            .Where(path => path.StartsWith(parent + "/", StringComparison.Ordinal) && path.LastIndexOf('/') == parent.Length)
            .Order(StringComparer.Ordinal);
        foreach (string child in children.Where(child => !_withoutController.Contains(child)))
        {
            order.Add((child, _inodes[child]));
            AddBelow(child, order);
        }
    }

    private List<string> Within(string path) =>
        [.. _inodes.Keys.Where(other => other == path || other.StartsWith(path + "/", StringComparison.Ordinal))];

    private void Add(string path, ulong inode)
    {
        _inodes[path] = inode;
        Host.AddMemcg(path, inode: inode);
    }

    private void Forget(string path)
    {
        _inodes.Remove(path);
        _withoutController.Remove(path);
    }
}
