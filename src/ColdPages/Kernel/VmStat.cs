namespace ColdPages;

/// <summary>What of /proc/vmstat (mm/vmstat.c) bears on the accessed bits: how many pages reclaim has looked at since boot.</summary>
internal static class VmStat
{
    /// <summary>
    /// Pages that reclaim scanned on the inactive lists and on the active ones. It clears the accessed bit of each page that it looks
    /// at. Null when the file cannot be read.
    /// </summary>
    public static long? ReadPagesScanned(KernelFiles files)
    {
        using FileText text = FileText.Rent();
        if (text.Load(files, "/proc/vmstat"u8) != Errno.None)
            return null;
        long sum = 0;
        foreach (ReadOnlySpan<byte> line in new TextLines(text.Bytes))
        {
            // pgscan_anon and pgscan_file count the same pages by kind, pgscan_direct_throttle counts events.
            if (!KeyedNumber.TryParse(line, out ReadOnlySpan<byte> key, out long value))
                continue;
            if (key.SequenceEqual("pgscan_kswapd"u8) || key.SequenceEqual("pgscan_direct"u8) || key.SequenceEqual("pgscan_khugepaged"u8)
                || key.SequenceEqual("pgscan_proactive"u8) || key.SequenceEqual("pgrefill"u8))
            {
                sum += value;
            }
        }

        return sum;
    }
}
