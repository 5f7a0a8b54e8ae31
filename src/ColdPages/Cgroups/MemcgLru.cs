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

    // Of the whole host.
    private long? _hostScanned;
    private bool _hostHasScanned;
    private bool _hostHadScanned;

    private struct Row
    {
        public Memcg? Memcg;
        public MemoryStat Stat;
        public long MostFaults;
        public long Faults;
        public long NewFaults;
        public long FaultsBefore;
        public long Scanned;
        public bool HasScanned;
        public bool HadScanned;
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
        long? hostScanned = VmStat.Read(files)?.PagesScanned;
        _hostHadScanned = _hostHasScanned;
        _hostHasScanned = hostScanned is null || hostScanned != _hostScanned;
        _hostScanned = hostScanned;
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
                : MemoryStat.ParseV1(text.Bytes);
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

            // Not only more: what is left of its children's numbers, which are read a moment later, can be less.
            long? scanned = LocalScanned(memcg);
            row.HadScanned = row.HasScanned;
            row.HasScanned = scanned is null || scanned != row.Scanned;
            row.Scanned = scanned ?? row.Scanned;
        }
    }

    /// <summary>Bytes of a memcg's own, those of its children not counted; null where memory.stat does not say.</summary>
    public long? LocalBytes(Memcg memcg, PageKind kind)
    {
        long? local = Of(memcg).Stat.BytesOnLru(kind);
        foreach (Memcg child in memcg.Children)
            local -= Of(child).Stat.BytesOnLru(kind) ?? 0;

        // The numbers are read one after the other, and summed up late; and page cache counts as such before it is on a list.
        return local < 0 ? 0 : local;
    }

    /// <summary>Page faults of a memcg's own since the pass before began, or more; null where that is not known.</summary>
    public long? NewFaults(Memcg memcg)
    {
        // The pass before had read the numbers when it ended: what came while it ran is among those before.
        // Those of its children are read a moment later than all together, and what they have in between would be taken from its own.
        Row row = Of(memcg);
        return row.Stat.Faults is null || memcg.Children.Count > 0 ? null : row.NewFaults + row.FaultsBefore + (_lagBytes / files.PageSize);
    }

    /// <summary>Whether reclaim may have looked at pages of a memcg's own since the pass before began; also where that is not known.</summary>
    public bool HasScanned(Memcg memcg)
    {
        // cgroup v1 does not tell of which memcg.
        Row row = Of(memcg);
        return row.Stat.PagesScanned is null ? _hostHasScanned || _hostHadScanned : row.HasScanned || row.HadScanned;
    }

    /// <summary>
    /// Bytes of a memcg's own page cache and shared memory that nobody has mapped; null where memory.stat does not say. With memcgs below it it does not: theirs are read a moment later, and
    /// what they read in between would be taken from its own.
    /// </summary>
    public long? LocalUnmappedBytes(Memcg memcg)
    {
        MemoryStat stat = Of(memcg).Stat;
        return memcg.Children.Count > 0 || stat.File - stat.FileMapped is not { } bytes ? null : Math.Max(0, bytes);
    }

    private long? LocalScanned(Memcg memcg)
    {
        long? local = Of(memcg).Stat.PagesScanned;
        foreach (Memcg child in memcg.Children)
        {
            if (child.HasController)
                local -= Of(child).Stat.PagesScanned;
        }

        return local;
    }

    private long? LocalFaults(Memcg memcg)
    {
        long? local = Of(memcg).Stat.Faults;

        // Without those of each child there is no telling which are its own; 0 for one of them would make the next pass have too few.
        foreach (Memcg child in memcg.Children)
        {
            if (child.HasController)
                local -= Of(child).Stat.Faults;
        }

        return local;
    }

    private bool IsGone(Memcg memcg) => files.List(memcg.Directory, _folder) != Errno.None || _folder.OwnInode != memcg.Inode;

    // What is kept of one whose controller was switched off since is not its own any more.
    private Row Of(Memcg memcg) =>
        memcg.HasController && memcg.Row < _rows.Length && _rows[memcg.Row].Memcg == memcg ? _rows[memcg.Row] : default;
}
