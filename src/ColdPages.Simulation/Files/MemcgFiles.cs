namespace ColdPages.Simulation;

/// <summary>What the files of a memcg's folder say: mm/memcontrol.c.</summary>
internal static class MemcgFiles
{
    /// <summary>The names of the files, in the order of <see cref="MemcgFile"/>.</summary>
    public static readonly byte[][] Names =
    [
        "cgroup.controllers"u8.ToArray(),
        "cgroup.subtree_control"u8.ToArray(),
        "memory.current"u8.ToArray(),
        "memory.stat"u8.ToArray(),
        "memory.min"u8.ToArray(),
        "memory.low"u8.ToArray(),
        "memory.high"u8.ToArray(),
        "memory.max"u8.ToArray(),
        "memory.swap.current"u8.ToArray(),
        "memory.swap.max"u8.ToArray(),
        "memory.numa_stat"u8.ToArray(),
        "hugetlb.2MB.current"u8.ToArray(),
        "hugetlb.2MB.rsvd.current"u8.ToArray(),
    ];

    // Memory in bytes, then events; the order is the kernel's.
    private static readonly (byte[] Key, MemcgStat Stat, bool IsMemory)[] s_lines =
    [
        Memory("anon"u8, MemcgStat.Anon),
        Memory("file"u8, MemcgStat.File),
        Memory("kernel"u8, MemcgStat.Kernel),
        Memory("kernel_stack"u8),
        Memory("pagetables"u8, MemcgStat.PageTables),
        Memory("sec_pagetables"u8),
        Memory("percpu"u8),
        Memory("sock"u8),
        Memory("vmalloc"u8),
        Memory("shmem"u8, MemcgStat.Shmem),
        Memory("zswap"u8),
        Memory("zswapped"u8),
        Memory("file_mapped"u8, MemcgStat.FileMapped),
        Memory("file_dirty"u8, MemcgStat.FileDirty),
        Memory("file_writeback"u8, MemcgStat.FileWriteback),
        Memory("swapcached"u8, MemcgStat.SwapCached),
        Memory("anon_thp"u8, MemcgStat.AnonThp),
        Memory("file_thp"u8, MemcgStat.FileThp),
        Memory("shmem_thp"u8, MemcgStat.ShmemThp),
        Memory("inactive_anon"u8, MemcgStat.InactiveAnon),
        Memory("active_anon"u8, MemcgStat.ActiveAnon),
        Memory("inactive_file"u8, MemcgStat.InactiveFile),
        Memory("active_file"u8, MemcgStat.ActiveFile),
        Memory("unevictable"u8, MemcgStat.Unevictable),
        Memory("slab_reclaimable"u8),
        Memory("slab_unreclaimable"u8, MemcgStat.SlabUnreclaimable),
        Memory("slab"u8, MemcgStat.SlabUnreclaimable),
        Event("workingset_refault_anon"u8),
        Event("workingset_refault_file"u8),
        Event("workingset_activate_anon"u8),
        Event("workingset_activate_file"u8),
        Event("workingset_restore_anon"u8),
        Event("workingset_restore_file"u8),
        Event("workingset_nodereclaim"u8),
        Event("pgdemote_kswapd"u8),
        Event("pgdemote_direct"u8),
        Event("pgdemote_khugepaged"u8),
        Event("pgscan"u8, MemcgStat.PgScan),
        Event("pgsteal"u8),
        Event("pgscan_kswapd"u8, MemcgStat.PgScan),
        Event("pgscan_direct"u8),
        Event("pgscan_khugepaged"u8),
        Event("pgsteal_kswapd"u8),
        Event("pgsteal_direct"u8),
        Event("pgsteal_khugepaged"u8),
        Event("pgfault"u8, MemcgStat.PgFault),
        Event("pgmajfault"u8, MemcgStat.PgMajFault),
        Event("pgrefill"u8, MemcgStat.PgRefill),
        Event("pgactivate"u8, MemcgStat.PgActivate),
        Event("pgdeactivate"u8, MemcgStat.PgDeactivate),
        Event("pglazyfree"u8, MemcgStat.PgLazyFree),
        Event("pglazyfreed"u8),
        Event("swpin_zero"u8),
        Event("swpout_zero"u8),
        Event("zswpin"u8),
        Event("zswpout"u8),
        Event("zswpwb"u8),
        Event("thp_fault_alloc"u8, MemcgStat.ThpFaultAlloc),
        Event("thp_collapse_alloc"u8, MemcgStat.ThpCollapseAlloc),
        Event("thp_swpout"u8),
        Event("thp_swpout_fallback"u8),
    ];

    /// <summary>
    /// Whether a memcg has a file: the root has no numbers of its own but memory.stat and memory.numa_stat, one without the controller has none at all. The huge pages of the pool are of 2 MiB
    /// where small ones are of 4 KiB.
    /// </summary>
    public static bool Has(SimulatedMemcg memcg, MemcgFile file) =>
        file is MemcgFile.Controllers or MemcgFile.SubtreeControl
        || (memcg.HasController && (memcg.Parent is not null || file is MemcgFile.Stat or MemcgFile.NumaStat)
            && (file is not (MemcgFile.Hugetlb or MemcgFile.HugetlbReserved) || memcg.Host.PageSize == 4096));

    public static bool TryFind(ReadOnlySpan<byte> name, out MemcgFile file)
    {
        for (int i = 0; i < Names.Length; i++)
        {
            if (name.SequenceEqual(Names[i]))
            {
                file = (MemcgFile)i;
                return true;
            }
        }

        file = default;
        return false;
    }

    public static void Write(TextBuilder text, SimulatedMemcg memcg, MemcgFile file, SimulatedHostOptions options)
    {
        text.Clear();
        switch (file)
        {
            case MemcgFile.Controllers:
                text.Append(memcg.HasController ? "cpuset cpu io memory pids\n"u8 : "cpu pids\n"u8);
                break;
            case MemcgFile.SubtreeControl:
                text.Append(HasControllerBelow(memcg) ? "cpu memory pids\n"u8 : "cpu pids\n"u8);
                break;
            case MemcgFile.Current:
                text.AppendLine(memcg.Counters[MemcgStat.Charged] * options.PageSize);
                break;
            case MemcgFile.Stat:
                WriteStat(text, memcg.Counters.Show(options.StatLag), options.PageSize);
                break;
            case MemcgFile.Min:
                text.AppendLine(memcg.MinBytes);
                break;
            case MemcgFile.Low:
                text.AppendLine(memcg.LowBytes);
                break;
            case MemcgFile.NumaStat:
                NumaStatFile.Write(text, memcg);
                break;
            case MemcgFile.Hugetlb or MemcgFile.HugetlbReserved:
                text.AppendLine(memcg.Counters[MemcgStat.Hugetlb] * options.PageSize);
                break;
            case MemcgFile.SwapCurrent:
                text.AppendLine(memcg.Counters[MemcgStat.Swap] * options.PageSize);
                break;
            default:
                WriteLimit(text, file switch { MemcgFile.High => memcg.HighBytes, MemcgFile.Max => memcg.MaxBytes, _ => memcg.SwapMaxBytes });
                break;
        }
    }

    private static (byte[] Key, MemcgStat Stat, bool IsMemory) Memory(ReadOnlySpan<byte> key, MemcgStat stat = MemcgStat.None) => (key.ToArray(), stat, true);

    private static (byte[] Key, MemcgStat Stat, bool IsMemory) Event(ReadOnlySpan<byte> key, MemcgStat stat = MemcgStat.None) => (key.ToArray(), stat, false);

    private static void WriteStat(TextBuilder text, ReadOnlySpan<long> counters, int pageSize)
    {
        foreach ((byte[] key, MemcgStat stat, bool isMemory) in s_lines)
            text.AppendLine(key, stat == MemcgStat.None ? 0 : counters[(int)stat] * (isMemory ? pageSize : 1));
    }

    private static void WriteLimit(TextBuilder text, long? bytes)
    {
        if (bytes is { } limit)
            text.AppendLine(limit);
        else
            text.Append("max\n"u8);
    }

    private static bool HasControllerBelow(SimulatedMemcg memcg)
    {
        foreach (SimulatedMemcg child in memcg.Below)
        {
            if (!child.HasController)
                return false;
        }

        return memcg.HasController;
    }
}
