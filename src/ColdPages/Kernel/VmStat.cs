namespace ColdPages;

/// <summary>What of /proc/vmstat (mm/vmstat.c) bears on the accessed bits: how many pages reclaim has looked at since boot.</summary>
internal static class VmStat
{
    /// <summary>
    /// Pages that reclaim has scanned or deactivated; it clears the accessed bit of each page that it looks at. Null when the file cannot be
    /// read.
    /// </summary>
    public static long? ReadPagesScanned(KernelFiles files)
    {
        using FileText text = FileText.Rent();
        if (text.Load(files, "/proc/vmstat"u8) != Errno.None)
            return null;
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
        }

        return Math.Max(byKind, byCaller) + active;
    }
}
