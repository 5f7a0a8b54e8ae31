using System.Runtime.InteropServices;

namespace ColdPages;

/// <summary>Whose generations the rows of lru_gen are. They name a memcg by its path and by a number, of which neither alone is enough.</summary>
internal sealed class MemcgGenerations(KernelFiles files, MemcgTree tree)
{
    // A number of the kernel's own, as up to Linux 6.x, is no larger (MEM_CGROUP_ID_MAX).
    private const ulong MaxPrivateId = ushort.MaxValue;

    private readonly Dictionary<Memcg, ulong> _ids = [];

    /// <summary>
    /// Loads the text, and learns the numbers in it. A removed memcg is listed for as long as something holds it, under the path that it had and that another may have by now: up to 6.12 with the
    /// number 0, later with its own, which is its inode.
    /// </summary>
    public Errno Load(FileText text)
    {
        _ids.Clear();
        Errno error = text.Load(files, LruGen.Path);
        if (error != Errno.None)
            return error;
        LruGenText rows = new(text.Bytes);
        while (rows.MoveNext())
        {
            if (FindPath(rows.Current) is not { } memcg)
                continue;
            ref ulong id = ref CollectionsMarshal.GetValueRefOrAddDefault(_ids, memcg, out bool isThere);
            if (!isThere || rows.Current.MemcgId == memcg.Inode)
                id = rows.Current.MemcgId;
            else if (id != rows.Current.MemcgId && id != memcg.Inode)
                id = 0;
        }

        return Errno.None;
    }

    /// <summary>The memcg of a row of the text that was loaded last; null where it is none of the tree's.</summary>
    public Memcg? Find(in LruGeneration row) => FindPath(row) is { } memcg && _ids.GetValueOrDefault(memcg) == row.MemcgId ? memcg : null;

    /// <summary>Who has the pages of a row's memcg that was removed: the nearest one above that is still there.</summary>
    public Memcg? FindHeir(in LruGeneration row) =>
        row.Path.Length > 0 ? tree.FindCharged(row.Path[..Math.Max(1, row.Path.LastIndexOf((byte)'/'))]) : null;

    private Memcg? FindPath(in LruGeneration row) =>
        row.MemcgId != 0 && tree.Hierarchy.TryMakeRelative(row.Path, out ReadOnlySpan<byte> path) && tree.FindPath(path) is { HasController: true } memcg
        && (row.MemcgId <= MaxPrivateId || row.MemcgId == memcg.Inode) ? memcg : null;
}
