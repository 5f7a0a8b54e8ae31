namespace ColdPages;

/// <summary>What of /proc/vmstat (mm/vmstat.c) bears on idle ages; all of it since boot.</summary>
internal readonly record struct VmStat
{
    /// <summary>Pages that reclaim has scanned or deactivated; it clears the accessed bit of each page that it looks at.</summary>
    public long PagesScanned { get; private init; }

    /// <summary>Pages that were migrated from one frame to another.</summary>
    public long PagesMigrated { get; private init; }

    /// <summary>Huge pages of the size that a page table's upper level maps, split into smaller ones.</summary>
    public long HugePagesSplit { get; private init; }

    /// <summary>Mappings of huge pages of that size that were split into mappings of small ones, or given up in part: the page itself stays whole.</summary>
    public long HugeMappingsSplit { get; private init; }

    /// <summary>Huge pages that were allocated to collapse small ones in use into, by khugepaged or MADV_COLLAPSE, whether that came about or not.</summary>
    public long HugeCollapseAllocs { get; private init; }

    /// <summary>
    /// Pages that are off their LRU lists, to be migrated or reclaimed: what they are now, and not since boot. Of a migration all of them are so before the first is moved, and only
    /// when the last has been are they counted in <see cref="PagesMigrated"/> (migrate_pages in mm/migrate.c).
    /// </summary>
    public long PagesIsolated { get; private init; }

    /// <summary>Pages read back from swap; those from zswap and those that hold nothing but zeros are counted apart.</summary>
    public long PagesSwappedIn { get; private init; }

    /// <summary>
    /// Pages that left their LRU list, or went to another, though nobody need have touched them: freed, of whatever kind, given up with MADV_FREE, locked, migrated or found to be what cannot be.
    /// </summary>
    public long PagesDeparted { get; private init; }

    /// <summary>Null when the file cannot be read.</summary>
    public static VmStat? Read(KernelFiles files)
    {
        using FileText text = FileText.Rent();
        if (text.Load(files, "/proc/vmstat"u8) != Errno.None)
            return null;
        VmStat stat = default;
        long byKind = 0;
        long byCaller = 0;
        long active = 0;
        foreach (ReadOnlySpan<byte> line in new TextLines(text.Bytes))
        {
            // Reclaim for a memcg's limit, or by its memory.reclaim, is counted by kind on every kernel, by caller only on new ones (shrink_inactive_list
            // in mm/vmscan.c); old kernels have no counts by kind.
            if (!KeyedNumber.TryParse(line, out ReadOnlySpan<byte> key, out long value))
                continue;
            if (key.SequenceEqual("pgscan_anon"u8) || key.SequenceEqual("pgscan_file"u8))
                byKind += value;
            else if (key.SequenceEqual("pgscan_kswapd"u8) || key.SequenceEqual("pgscan_direct"u8) || key.SequenceEqual("pgscan_khugepaged"u8)
                || key.SequenceEqual("pgscan_proactive"u8))
                byCaller += value;
            else if (key.SequenceEqual("pgrefill"u8) || key.SequenceEqual("pgdeactivate"u8))
                active += value; // For a memcg pgrefill is not counted either, but those of its active pages that were deactivated are.
            else if (key.SequenceEqual("pgmigrate_success"u8))
                stat = stat with { PagesMigrated = value, PagesDeparted = stat.PagesDeparted + value };
            else if (key.SequenceEqual("pgfree"u8) || key.SequenceEqual("pglazyfree"u8) || key.SequenceEqual("pgmigrate_fail"u8) || key.SequenceEqual("unevictable_pgs_mlocked"u8)
                || key.SequenceEqual("unevictable_pgs_culled"u8))
                stat = stat with { PagesDeparted = stat.PagesDeparted + value };
            else if (key.SequenceEqual("thp_split_page"u8))
                stat = stat with { HugePagesSplit = value };
            else if (key.SequenceEqual("thp_split_pmd"u8))
                stat = stat with { HugeMappingsSplit = value };
            else if (key.SequenceEqual("thp_collapse_alloc"u8))
                stat = stat with { HugeCollapseAllocs = value };
            else if (key.SequenceEqual("nr_isolated_anon"u8) || key.SequenceEqual("nr_isolated_file"u8))
                stat = stat with { PagesIsolated = stat.PagesIsolated + value };
            else if (key.SequenceEqual("pswpin"u8) || key.SequenceEqual("zswpin"u8) || key.SequenceEqual("swpin_zero"u8))
                stat = stat with { PagesSwappedIn = stat.PagesSwappedIn + value };
        }

        return stat with { PagesScanned = Math.Max(byKind, byCaller) + active };
    }
}
