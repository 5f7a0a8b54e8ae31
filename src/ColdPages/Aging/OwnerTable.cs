using System.Runtime.InteropServices;

namespace ColdPages;

/// <summary>All owners of pages: found by inode, known to pages by a small number, in step with the cgroup tree.</summary>
internal sealed class OwnerTable
{
    private readonly MemcgTree _tree;
    private readonly Dictionary<ulong, Owner> _byInode = [];
    private readonly List<Owner> _owners = [];
    private readonly List<Owner> _removed = [];
    private int _heirs;

    public OwnerTable(MemcgTree tree)
    {
        _tree = tree;
        _ = Find(0);
    }

    public IReadOnlyList<Owner> All => _owners;

    /// <summary>Whether so many are gone that numbers should be given anew.</summary>
    public bool IsSparse => _heirs > 64 && _heirs > _byInode.Count;

    public long StateBytes
    {
        get
        {
            long bytes = 0;
            foreach (Owner owner in _owners)
                bytes += owner.StateBytes;
            return bytes;
        }
    }

    /// <summary>Who owns a page of this number: whoever has its pages now.</summary>
    public Owner this[int index]
    {
        get
        {
            Owner owner = _owners[index];
            while (owner.Heir is not null)
                owner = owner.Heir;
            return owner;
        }
    }

    public Owner Find(ulong inode)
    {
        ref Owner? owner = ref CollectionsMarshal.GetValueRefOrAddDefault(_byInode, inode, out bool exists);
        if (!exists)
        {
            owner = new Owner(inode, _owners.Count) { Memcg = inode == 0 ? null : FindMemcg(inode) };
            _owners.Add(owner);
        }

        return owner!;
    }

    /// <summary>The owner that a memcg is; null where it has no pages.</summary>
    public Owner? Of(Memcg memcg) => _byInode.TryGetValue(memcg.Inode, out Owner? owner) && owner.Memcg == memcg ? owner : null;

    /// <summary>
    /// After the tree was walked: the kernel hands the pages of a removed memcg to the nearest one above, and so do we. Its inode may be another memcg's
    /// by now.
    /// </summary>
    public void Reconcile()
    {
        _removed.Clear();
        foreach (Owner owner in _byInode.Values)
        {
            if (owner.Inode == 0)
                continue;
            if (owner.Memcg is null)
                owner.Memcg = FindMemcg(owner.Inode);
            if (owner.Memcg is null)
            {
                // Of a cgroup that came and went between two walks of the tree nobody will ask again once its pages are gone.
                if (owner.TotalPages == 0)
                    _removed.Add(owner);
            }
            else if (FindMemcg(owner.Inode) != owner.Memcg)
                _removed.Add(owner);
        }

        foreach (Owner owner in _removed)
            _byInode.Remove(owner.Inode);
        foreach (Owner owner in _removed)
        {
            Memcg? above = owner.Memcg?.Parent;
            while (above is not null && FindMemcg(above.Inode) != above)
                above = above.Parent;

            // Only the root has none above; when that is another one, what was known has no owner that could be seen.
            Owner heir = Find(above?.Inode ?? 0);
            heir.Inherit(owner);
            owner.Heir = heir;
            _heirs++;
        }
    }

    /// <summary>Gives those that are not gone their numbers anew; what came of each old one is to be written wherever numbers are kept.</summary>
    public int[] Renumber()
    {
        int[] numbers = new int[_owners.Count];
        for (int i = 0; i < numbers.Length; i++)
            numbers[i] = this[i].Index;
        int[] kept = new int[_owners.Count];
        int next = 0;
        for (int i = 0; i < numbers.Length; i++)
            kept[i] = _owners[i].Heir is null ? next++ : -1;
        for (int i = 0; i < numbers.Length; i++)
            numbers[i] = kept[numbers[i]];
        _owners.RemoveAll(static owner => owner.Heir is not null);
        for (int i = 0; i < _owners.Count; i++)
            _owners[i].Index = i;
        _heirs = 0;
        return numbers;
    }

    // One whose controller was switched off is none to the kernel either.
    private Memcg? FindMemcg(ulong inode) => _tree.FindInode(inode) is { HasController: true } memcg ? memcg : null;
}
