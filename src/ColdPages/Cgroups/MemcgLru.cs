namespace ColdPages;

/// <summary>
/// What each memcg has on its own LRU lists, by kind, and how many page faults it had since the pass before: from memory.stat, read for all memcgs at the end of
/// a pass.
/// </summary>
internal sealed class MemcgLru(KernelFiles files, MemcgTree tree)
{
    // What each CPU may not have added yet (MEMCG_CHARGE_BATCH, mm/memcontrol.c): measured up to 127 pages.
    private const int LagPages = 127;

    private readonly DirectoryListing _folder = new();
    private readonly long _lagBytes = LagPages * (long)CpuList.CountOnline(files) * files.PageSize;
    private Row[] _rows = [];

    private struct Row
    {
        public Memcg? Memcg;
        public MemoryStat Stat;
        public long MostFaults;
        public long Faults;
        public long NewFaults;
        public long FaultsBefore;
    }

    /// <summary>How far a number may be off.</summary>
    public long LagBytes => _lagBytes;

    /// <summary>Memcgs whose memory.stat could not be read though they are there.</summary>
    public int Unread { get; private set; }

    /// <summary>Whether the last read found a memcg with fewer page faults than before: it is another one, with the name and the inode of one removed.</summary>
    public bool HasReborn { get; private set; }

    public long StateBytes => _rows.Length * (long)System.Runtime.CompilerServices.Unsafe.SizeOf<Row>();

    public void Read()
    {
        if (_rows.Length < tree.Rows)
            Array.Resize(ref _rows, Math.Max(tree.Rows, _rows.Length * 2));
        Unread = 0;
        HasReborn = false;
        using FileText text = FileText.Rent();
        Span<byte> buffer = stackalloc byte[KernelPath.MaxLength];

        // By number: an enumerator of a list behind an interface is an object of its own.
        for (int i = 0; i < tree.InOrder.Count; i++)
        {
            Memcg memcg = tree.InOrder[i];
            ref Row row = ref _rows[memcg.Row];
            if (row.Memcg != memcg)
                row = new Row { Memcg = memcg };
            KernelPath path = KernelPath.Child(buffer, memcg.Directory, "memory.stat"u8);
            Errno error = text.Load(files, path.Bytes);
            row.Stat = error != Errno.None ? default
                : tree.Hierarchy.Version == 2 ? MemoryStat.ParseV2(text.Bytes)
                : MemoryStat.ParseV1(text.Bytes, hierarchical: false);
            if (row.Stat.Faults is { } faults)
            {
                HasReborn |= faults < row.MostFaults;
                row.MostFaults = faults;
            }

            Unread += error == Errno.None || (error.IsGone() && IsGone(memcg)) ? 0 : 1;
        }

        for (int i = 0; i < tree.InOrder.Count; i++)
        {
            Memcg memcg = tree.InOrder[i];
            ref Row row = ref _rows[memcg.Row];
            long faults = LocalFaults(memcg) ?? row.Faults;
            row.FaultsBefore = row.NewFaults;
            row.NewFaults = Math.Max(0, faults - row.Faults);
            row.Faults = faults;
        }
    }

    /// <summary>Bytes of a memcg's own, those of its children not counted; null where memory.stat does not say.</summary>
    public long? LocalBytes(Memcg memcg, PageKind kind)
    {
        long? local = Of(memcg).Stat.BytesOnLru(kind);
        if (tree.Hierarchy.Version == 2)
        {
            foreach (Memcg child in memcg.Children)
                local -= Of(child).Stat.BytesOnLru(kind) ?? 0;
        }

        // The numbers are read one after the other, and summed up late; and page cache counts as such before it is on a list.
        return local < 0 ? 0 : local;
    }

    /// <summary>Page faults of a memcg's own since the pass before began, or more; null where that is not known.</summary>
    public long? NewFaults(Memcg memcg)
    {
        // The pass before had read the numbers when it ended: what came while it ran is among those before.
        // Those of its children are read a moment later than all together, and what they have in between would be taken from its own.
        Row row = Of(memcg);
        bool isShared = tree.Hierarchy.Version == 2 && memcg.Children.Count > 0;
        return row.Stat.Faults is null || isShared ? null : row.NewFaults + row.FaultsBefore + (_lagBytes / files.PageSize);
    }

    private long? LocalFaults(Memcg memcg)
    {
        long? local = Of(memcg).Stat.Faults;
        if (tree.Hierarchy.Version == 2)
        {
            // Without those of each child there is no telling which are its own; 0 for one of them would make the next pass have too few.
            foreach (Memcg child in memcg.Children)
            {
                if (child.HasController)
                    local -= Of(child).Stat.Faults;
            }
        }

        return local;
    }

    private bool IsGone(Memcg memcg) => files.List(memcg.Directory, _folder) != Errno.None || _folder.OwnInode != memcg.Inode;

    // What is kept of one whose controller was switched off since is not its own any more.
    private Row Of(Memcg memcg) =>
        memcg.HasController && memcg.Row < _rows.Length && _rows[memcg.Row].Memcg == memcg ? _rows[memcg.Row] : default;
}
