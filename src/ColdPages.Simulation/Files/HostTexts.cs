namespace ColdPages.Simulation;

/// <summary>What the text files of a host say that are no memcg's: mm/vmstat.c, fs/proc/meminfo.c and others.</summary>
internal static class HostTexts
{
    private static readonly (byte[] Key, MemcgStat Stat)[] s_pages =
    [
        ("nr_mlock"u8.ToArray(), MemcgStat.Mlocked),
        ("nr_inactive_anon"u8.ToArray(), MemcgStat.InactiveAnon),
        ("nr_active_anon"u8.ToArray(), MemcgStat.ActiveAnon),
        ("nr_inactive_file"u8.ToArray(), MemcgStat.InactiveFile),
        ("nr_active_file"u8.ToArray(), MemcgStat.ActiveFile),
        ("nr_unevictable"u8.ToArray(), MemcgStat.Unevictable),
        ("nr_slab_reclaimable"u8.ToArray(), MemcgStat.None),
        ("nr_slab_unreclaimable"u8.ToArray(), MemcgStat.SlabUnreclaimable),
        ("nr_isolated_anon"u8.ToArray(), MemcgStat.IsolatedAnon),
        ("nr_isolated_file"u8.ToArray(), MemcgStat.IsolatedFile),
        ("nr_anon_pages"u8.ToArray(), MemcgStat.Anon),
        ("nr_mapped"u8.ToArray(), MemcgStat.FileMapped),
        ("nr_file_pages"u8.ToArray(), MemcgStat.File),
        ("nr_dirty"u8.ToArray(), MemcgStat.FileDirty),
        ("nr_writeback"u8.ToArray(), MemcgStat.FileWriteback),
        ("nr_shmem"u8.ToArray(), MemcgStat.Shmem),
        ("nr_page_table_pages"u8.ToArray(), MemcgStat.PageTables),
        ("nr_swapcached"u8.ToArray(), MemcgStat.SwapCached),
    ];

    private static readonly (byte[] Key, VmEvent? Event)[] s_events =
    [
        ("pgfree"u8.ToArray(), VmEvent.PgFree),
        ("pgactivate"u8.ToArray(), VmEvent.PgActivate),
        ("pgdeactivate"u8.ToArray(), VmEvent.PgDeactivate),
        ("pglazyfree"u8.ToArray(), VmEvent.PgLazyFree),
        ("pgfault"u8.ToArray(), VmEvent.PgFault),
        ("pgmajfault"u8.ToArray(), VmEvent.PgMajFault),
        ("pglazyfreed"u8.ToArray(), null),
        ("pgrefill"u8.ToArray(), VmEvent.PgRefill),
        ("pgsteal_kswapd"u8.ToArray(), VmEvent.PgStealKswapd),
        ("pgsteal_direct"u8.ToArray(), null),
        ("pgsteal_khugepaged"u8.ToArray(), null),
        ("pgscan_kswapd"u8.ToArray(), VmEvent.PgScanKswapd),
        ("pgscan_direct"u8.ToArray(), null),
        ("pgscan_khugepaged"u8.ToArray(), null),
        ("pgscan_anon"u8.ToArray(), VmEvent.PgScanAnon),
        ("pgscan_file"u8.ToArray(), VmEvent.PgScanFile),
        ("numa_pages_migrated"u8.ToArray(), null),
        ("pswpin"u8.ToArray(), VmEvent.PswpIn),
        ("pgmigrate_success"u8.ToArray(), VmEvent.PgMigrateSuccess),
        ("pgmigrate_fail"u8.ToArray(), null),
        ("thp_migration_success"u8.ToArray(), VmEvent.ThpMigrationSuccess),
        ("thp_fault_alloc"u8.ToArray(), VmEvent.ThpFaultAlloc),
        ("thp_collapse_alloc"u8.ToArray(), VmEvent.ThpCollapseAlloc),
        ("thp_split_page"u8.ToArray(), VmEvent.ThpSplitPage),
        ("thp_split_page_failed"u8.ToArray(), null),
        ("thp_deferred_split_page"u8.ToArray(), VmEvent.ThpDeferredSplitPage),
        ("thp_split_pmd"u8.ToArray(), VmEvent.ThpSplitPmd),
    ];

    public static void Write(TextBuilder text, HostFile file, SimulatedHost host)
    {
        text.Clear();
        switch (file)
        {
            case HostFile.VmStat:
                WriteVmStat(text, host.Memory);
                break;
            case HostFile.MemInfo:
                WriteMemInfo(text, host);
                break;
            case HostFile.ZoneInfo:
                WriteZoneInfo(text, host);
                break;
            case HostFile.MountInfo:
                text.Append("22 28 0:20 / /sys rw,nosuid - sysfs sysfs rw\n23 28 0:21 / /proc rw,nosuid - proc proc rw\n"u8);
                text.Append("28 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw\n30 22 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"u8);
                break;
            case HostFile.OsRelease:
                text.Append(host.Options.KernelRelease);
                text.Append("\n"u8);
                break;
            case HostFile.CpusOnline:
                text.Append(host.Options.Cpus == 1 ? "0"u8 : "0-"u8);
                if (host.Options.Cpus > 1)
                    text.Append(host.Options.Cpus - 1);
                text.Append("\n"u8);
                break;
            case HostFile.HugePageSize:
                text.AppendLine((long)host.PageSize << host.Memory.PmdOrder);
                break;
            case HostFile.LruGen:
                LruGenFile.WriteText(text, host);
                break;
            case HostFile.LruGenEnabled:
                text.Append("0x000"u8);
                text.AppendLine((long)host.Memory.LruGenFeatures);
                break;
            case HostFile.LruGenMinimum:
                text.AppendLine(host.Memory.LruGenMinimumMilliseconds);
                break;
            case >= HostFile.DeferredSplits:
                text.AppendLine(host.Memory.DeferredSplits[file - HostFile.DeferredSplits]);
                break;
            default:
                text.AppendLine(host.Memory.Splits[file - HostFile.Splits]);
                break;
        }
    }

    private static void WriteVmStat(TextBuilder text, PhysicalMemory memory)
    {
        text.AppendLine("nr_free_pages"u8, memory.Frames.FreeFrames);
        foreach ((byte[] key, MemcgStat stat) in s_pages)
            text.AppendLine(key, stat == MemcgStat.None ? 0 : memory.Total(stat));
        foreach ((byte[] key, VmEvent? vmEvent) in s_events)
            text.AppendLine(key, vmEvent is { } known ? memory.Events(known) : 0);
    }

    // One zone a node, with what tells its frames; a zone without memory has no start.
    private static void WriteZoneInfo(TextBuilder text, SimulatedHost host)
    {
        for (int node = 0; node < host.Options.Nodes; node++)
        {
            int first = host.Memory.FirstFrameOf(node);
            int end = node + 1 < host.Options.Nodes ? host.Memory.FirstFrameOf(node + 1) : host.Memory.Frames.MaxPfn;
            text.Append("Node "u8);
            text.Append(node);
            text.Append(", zone   Normal\n  per-node stats\n      nr_inactive_anon 0\n  pages free     0\n        boost    0\n"u8);
            text.AppendLine("        spanned "u8, end - first);
            text.AppendLine("        present "u8, end - first);
            text.Append("  node_unreclaimable:  0\n"u8);
            text.AppendLine("  start_pfn:          "u8, first);
            text.Append("Node "u8);
            text.Append(node);
            text.Append(", zone  Movable\n  pages free     0\n        spanned  0\n        present  0\n"u8);
        }
    }

    private static void WriteMemInfo(TextBuilder text, SimulatedHost host)
    {
        PhysicalMemory memory = host.Memory;
        long free = memory.Frames.FreeFrames;
        long cache = memory.Total(MemcgStat.InactiveFile) + memory.Total(MemcgStat.ActiveFile);
        Pages("MemTotal:       "u8, memory.TotalFrames);
        Pages("MemFree:        "u8, free);
        Pages("MemAvailable:   "u8, free + cache);
        Pages("Buffers:        "u8, 0);
        Pages("Cached:         "u8, memory.Total(MemcgStat.File) - memory.Total(MemcgStat.SwapCached));
        Pages("SwapCached:     "u8, memory.Total(MemcgStat.SwapCached));
        KiB("SwapTotal:      "u8, host.Options.SwapBytes / 1024);
        KiB("SwapFree:       "u8, (host.Options.SwapBytes / 1024) - (memory.Total(MemcgStat.Swap) * host.PageSize / 1024));
        Pages("AnonPages:      "u8, memory.Total(MemcgStat.Anon));
        Pages("Mapped:         "u8, memory.Total(MemcgStat.FileMapped));
        Pages("Shmem:          "u8, memory.Total(MemcgStat.Shmem));
        Pages("AnonHugePages:  "u8, memory.Total(MemcgStat.AnonThp));
        Pages("ShmemHugePages: "u8, memory.Total(MemcgStat.ShmemThp));
        Pages("FileHugePages:  "u8, memory.Total(MemcgStat.FileThp));

        void Pages(ReadOnlySpan<byte> key, long pages) => KiB(key, pages * host.PageSize / 1024);

        void KiB(ReadOnlySpan<byte> key, long kibibytes)
        {
            text.Append(key);
            text.Append(kibibytes);
            text.Append(" kB\n"u8);
        }
    }
}
