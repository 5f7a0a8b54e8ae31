namespace ColdPages;

/// <summary>
/// What this library uses of a memcg's memory.stat (mm/memcontrol.c), in bytes unless said otherwise; null for what a kernel does not tell. The numbers
/// include the memcgs below.
/// </summary>
/// <remarks>They are summed up late: a number may be off by some hundred pages a CPU.</remarks>
internal readonly record struct MemoryStat
{
    /// <summary>Anonymous memory that some process has mapped.</summary>
    public long? Anon { get; private init; }

    /// <summary>Page cache, shared memory included. The swap cache is not: of that memcgs have a count of its own (mm/swap_state.c, add_to_swap_cache).</summary>
    public long? File { get; private init; }

    public long? Shmem { get; private init; }

    public long? Swap { get; private init; }

    public long? FileMapped { get; private init; }

    public long? FileDirty { get; private init; }

    public long? Unevictable { get; private init; }

    /// <summary>All LRU lists together, the one of pages that cannot be reclaimed included.</summary>
    public long? Lru { get; private init; }

    /// <summary>Page faults, a count.</summary>
    public long? Faults { get; private init; }

    /// <summary>Pages that reclaim has scanned, a count; only cgroup v2 tells.</summary>
    public long? PagesScanned { get; private init; }

    public static MemoryStat ParseV2(ReadOnlySpan<byte> text) => Parse(text, prefix: default);

    /// <summary>
    /// Of v1 the lines with the prefix "total_": those without it leave out what was charged to memcgs below that are removed by now, though it counts as this one's to
    /// everybody else.
    /// </summary>
    public static MemoryStat ParseV1(ReadOnlySpan<byte> text) => Parse(text, "total_"u8);

    /// <summary>Bytes of one kind on the LRU lists. Less than none where the numbers do not belong together; whoever takes the memcgs below off must not lose that before.</summary>
    /// <remarks>
    /// The lists are not kinds: shared memory is on the anonymous ones, pages given up with MADV_FREE on the inactive file one, locked ones on one of their
    /// own. So shared memory and page cache are what is counted as such, and anonymous memory, mapped or not, is the rest of the lists.
    /// </remarks>
    public long? BytesOnLru(PageKind kind) => kind switch
    {
        PageKind.Shmem => Shmem,
        PageKind.File => File - (Shmem ?? 0),
        _ => Lru - File,
    };

    private static MemoryStat Parse(ReadOnlySpan<byte> text, ReadOnlySpan<byte> prefix)
    {
        MemoryStat stat = default;
        foreach (ReadOnlySpan<byte> line in new TextLines(text))
        {
            if (!line.StartsWith(prefix) || !KeyedNumber.TryParse(line[prefix.Length..], out ReadOnlySpan<byte> key, out long value))
                continue;
            if (key.SequenceEqual("anon"u8) || key.SequenceEqual("rss"u8))
                stat = stat with { Anon = value };
            else if (key.SequenceEqual("file"u8) || key.SequenceEqual("cache"u8))
                stat = stat with { File = value };
            else if (key.SequenceEqual("shmem"u8))
                stat = stat with { Shmem = value };
            else if (key.SequenceEqual("swap"u8))
                stat = stat with { Swap = value };
            else if (key.SequenceEqual("file_mapped"u8) || key.SequenceEqual("mapped_file"u8))
                stat = stat with { FileMapped = value };
            else if (key.SequenceEqual("file_dirty"u8) || key.SequenceEqual("dirty"u8))
                stat = stat with { FileDirty = value };
            else if (key.SequenceEqual("unevictable"u8))
                stat = stat with { Unevictable = value, Lru = (stat.Lru ?? 0) + value };
            else if (key.SequenceEqual("inactive_anon"u8) || key.SequenceEqual("active_anon"u8) || key.SequenceEqual("inactive_file"u8) || key.SequenceEqual("active_file"u8))
                stat = stat with { Lru = (stat.Lru ?? 0) + value };
            else if (key.SequenceEqual("pgfault"u8))
                stat = stat with { Faults = value };
            else if (key.SequenceEqual("pgscan"u8))
                stat = stat with { PagesScanned = value };
        }

        return stat;
    }
}
