using System.Buffers.Text;

namespace ColdPages;

/// <summary>
/// Reads what each memcg's memory is made of. The kernel's numbers include the memcgs below; here each is its own.
/// </summary>
internal sealed class MemcgDetailReader(KernelFiles files, MemcgTree tree)
{
    private readonly Dictionary<Memcg, long[]> _own = [];
    private readonly DirectoryListing _listing = new();
    private readonly byte[]? _hugetlbMount = tree.Hierarchy.Version == 1 ? MemcgHierarchy.FindMountOfV1(files, "hugetlb", tree.Hierarchy.Root) : null;

    private int[] _nodes = [];

    private bool IsV2 => tree.Hierarchy.Version == 2;

    /// <summary>Reads the numbers of all memcgs.</summary>
    /// <param name="nodes">The nodes that have memory, in ascending order.</param>
    public void Read(int[] nodes)
    {
        _nodes = nodes;
        _own.Clear();
        using FileText text = FileText.Rent();
        foreach (Memcg memcg in tree.InOrder)
        {
            long[] values = new long[MemcgDetail.ValuesOf(nodes.Length)];
            Array.Fill(values, MemcgDetail.Unknown);
            if (Load(memcg.Directory, "memory.stat"u8, text))
                ParseStat(text.Bytes, values);
            if (!IsV2)
            {
                Set(values, (int)MemcgDetailItem.Kernel, Number(memcg, "memory.kmem.usage_in_bytes"u8, text));
                Set(values, (int)MemcgDetailItem.Sockets, Number(memcg, "memory.kmem.tcp.usage_in_bytes"u8, text));
            }

            if (Load(memcg.Directory, "memory.numa_stat"u8, text))
                ParseNodes(text.Bytes, values);
            ReadHugetlb(memcg, values, text);
            _own[memcg] = values;
        }
    }

    /// <summary>A memcg's own numbers, as the last read found them.</summary>
    public MemcgDetail Local(Memcg memcg)
    {
        long[] local = [.. _own[memcg]];
        foreach (Memcg child in memcg.Children)
        {
            if (!_own.TryGetValue(child, out long[]? theirs))
                continue;
            for (int i = 0; i < local.Length; i++)
                local[i] -= local[i] == MemcgDetail.Unknown ? 0 : Math.Max(0, theirs[i]);
        }

        // Read one after the other while memory moves, and summed up late: those below can have more than all together.
        for (int i = 0; i < local.Length; i++)
            local[i] = _own[memcg][i] == MemcgDetail.Unknown ? MemcgDetail.Unknown : Math.Max(0, local[i]);
        return new MemcgDetail(_nodes, local);
    }

    private void ParseStat(ReadOnlySpan<byte> text, long[] values)
    {
        // Of v1 the lines that include the memcgs below, as in MemoryStat.
        ReadOnlySpan<byte> prefix = IsV2 ? default : "total_"u8;
        long? shmem = null;
        foreach (ReadOnlySpan<byte> line in new TextLines(text))
        {
            if (!line.StartsWith(prefix) || !KeyedNumber.TryParse(line[prefix.Length..], out ReadOnlySpan<byte> key, out long value))
                continue;
            if (key.SequenceEqual("shmem"u8))
                shmem = value;
            else if (ItemOf(key) is { } item)
                Set(values, (int)item, value);
        }

        TakeShmem(ref values[(int)MemcgDetailItem.File], shmem);
    }

    private static MemcgDetailItem? ItemOf(ReadOnlySpan<byte> key) =>
        key.SequenceEqual("file"u8) || key.SequenceEqual("cache"u8) ? MemcgDetailItem.File
        : key.SequenceEqual("file_dirty"u8) || key.SequenceEqual("dirty"u8) ? MemcgDetailItem.FileDirty
        : key.SequenceEqual("file_writeback"u8) || key.SequenceEqual("writeback"u8) ? MemcgDetailItem.FileWriteback
        : key.SequenceEqual("file_mapped"u8) || key.SequenceEqual("mapped_file"u8) ? MemcgDetailItem.FileMapped
        : key.SequenceEqual("unevictable"u8) ? MemcgDetailItem.Unevictable
        : key.SequenceEqual("kernel"u8) ? MemcgDetailItem.Kernel
        : key.SequenceEqual("slab_reclaimable"u8) ? MemcgDetailItem.SlabReclaimable
        : key.SequenceEqual("slab_unreclaimable"u8) ? MemcgDetailItem.SlabUnreclaimable
        : key.SequenceEqual("kernel_stack"u8) ? MemcgDetailItem.KernelStack
        : key.SequenceEqual("pagetables"u8) ? MemcgDetailItem.PageTables
        : key.SequenceEqual("sec_pagetables"u8) ? MemcgDetailItem.SecondaryPageTables
        : key.SequenceEqual("percpu"u8) ? MemcgDetailItem.Percpu
        : key.SequenceEqual("vmalloc"u8) ? MemcgDetailItem.Vmalloc
        : key.SequenceEqual("zswap"u8) ? MemcgDetailItem.Zswap
        : key.SequenceEqual("sock"u8) ? MemcgDetailItem.Sockets
        : key.SequenceEqual("hugetlb"u8) ? MemcgDetailItem.Hugetlb // Since Linux 6.14, where hugetlb counts as the memcg's memory.
        : null;

    // "anon N0=4096 N1=0" in bytes; v1: "hierarchical_anon=2 N0=1 N1=1" in pages, by LRU list.
    private void ParseNodes(ReadOnlySpan<byte> text, long[] values)
    {
        ReadOnlySpan<byte> prefix = IsV2 ? default : "hierarchical_"u8;
        foreach (ReadOnlySpan<byte> line in new TextLines(text))
        {
            if (!line.StartsWith(prefix))
                continue;
            ReadOnlySpan<byte> rest = line[prefix.Length..];
            ReadOnlySpan<byte> key = TextLines.TakeField(ref rest);
            int equals = key.IndexOf((byte)'=');
            if (NodeItemOf(equals < 0 ? key : key[..equals]) is not { } item)
                continue;
            while (TextLines.TakeField(ref rest) is { IsEmpty: false } field)
            {
                if (TryParseNode(field, out int node, out long value) && Array.BinarySearch(_nodes, node) is >= 0 and int index)
                    Set(values, MemcgDetail.PlaceOf(index, item), IsV2 ? value : value * files.PageSize);
            }
        }

        for (int node = 0; IsV2 && node < _nodes.Length; node++)
        {
            long shmem = values[MemcgDetail.PlaceOf(node, NodeDetailItem.Shmem)];
            TakeShmem(ref values[MemcgDetail.PlaceOf(node, NodeDetailItem.File)], shmem == MemcgDetail.Unknown ? null : shmem);
        }
    }

    private static NodeDetailItem? NodeItemOf(ReadOnlySpan<byte> key) =>
        key.SequenceEqual("anon"u8) ? NodeDetailItem.Anon
        : key.SequenceEqual("file"u8) ? NodeDetailItem.File
        : key.SequenceEqual("shmem"u8) ? NodeDetailItem.Shmem
        : key.SequenceEqual("unevictable"u8) ? NodeDetailItem.Unevictable
        : null;

    private static bool TryParseNode(ReadOnlySpan<byte> field, out int node, out long value)
    {
        value = 0;
        node = 0;
        return field[0] == (byte)'N' && Utf8Parser.TryParse(field[1..], out node, out int used) && used + 1 < field.Length && field[used + 1] == (byte)'='
            && Utf8Parser.TryParse(field[(used + 2)..], out value, out _);
    }

    // The pool has pages of several sizes, each with files of its own: hugetlb.2MB.current and hugetlb.2MB.rsvd.current.
    private void ReadHugetlb(Memcg memcg, long[] values, FileText text)
    {
        if (!IsV2 && _hugetlbMount is null)
            return;
        byte[] folder = IsV2 ? memcg.Directory : [.. _hugetlbMount!, .. memcg.Parent is null ? default : memcg.Path.AsSpan()];
        if (files.List(folder, _listing) != Errno.None)
            return;
        long? used = null;
        long? reserved = null;
        for (int i = 0; i < _listing.Count; i++)
        {
            ReadOnlySpan<byte> name = _listing.Name(i);
            ReadOnlySpan<byte> suffix = IsV2 ? ".current"u8 : ".usage_in_bytes"u8;
            if (!name.StartsWith("hugetlb."u8) || !name.EndsWith(suffix) || !Load(folder, name, text) || KeyedNumber.ParseSingle(text.Bytes) is not { } bytes)
                continue;
            if (name[..^suffix.Length].EndsWith(".rsvd"u8))
                reserved = (reserved ?? 0) + bytes;
            else
                used = (used ?? 0) + bytes;
        }

        Set(values, (int)MemcgDetailItem.Hugetlb, used);
        Set(values, (int)MemcgDetailItem.HugetlbReserved, reserved);
    }

    // The kernel counts shared memory as page cache.
    private static void TakeShmem(ref long file, long? shmem) =>
        file = file == MemcgDetail.Unknown || shmem is null ? MemcgDetail.Unknown : Math.Max(0, file - shmem.Value);

    private static void Set(long[] values, int place, long? value)
    {
        if (value is { } known)
            values[place] = Math.Max(0, known);
    }

    private long? Number(Memcg memcg, ReadOnlySpan<byte> file, FileText text) =>
        Load(memcg.Directory, file, text) ? KeyedNumber.ParseSingle(text.Bytes) : null;

    private bool Load(ReadOnlySpan<byte> folder, ReadOnlySpan<byte> file, FileText text)
    {
        KernelPath path = KernelPath.Child(stackalloc byte[KernelPath.MaxLength], folder, file);
        return text.Load(files, path.Bytes) == Errno.None;
    }
}
