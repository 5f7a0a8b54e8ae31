namespace ColdPages;

/// <summary>Reads the memory.* files of a memcg. A file that is not there, or went with its cgroup, leaves a null.</summary>
internal sealed class MemcgMemoryReader(KernelFiles files, int version)
{
    // v1 writes "no limit" as the largest number of whole pages in a long; anything near it is one.
    private const long V1NoLimit = long.MaxValue / 2;

    public MemcgMemory Read(Memcg memcg)
    {
        using FileText text = FileText.Rent();
        MemcgMemory memory = version == 2 ? ReadV2(memcg, text) : ReadV1(memcg, text);
        long? local = memory.CurrentBytes;
        foreach (Memcg child in memcg.Children)
            local -= Number(child, version == 2 ? "memory.current"u8 : "memory.usage_in_bytes"u8, text) ?? 0;

        // Read one after the other while memory moves: a child may have grown since its parent was read.
        return memory with { LocalBytes = local < 0 ? 0 : local };
    }

    private MemcgMemory ReadV2(Memcg memcg, FileText text)
    {
        MemcgMemory memory = new()
        {
            CurrentBytes = Number(memcg, "memory.current"u8, text),
            SwapBytes = Number(memcg, "memory.swap.current"u8, text),
            MinBytes = Number(memcg, "memory.min"u8, text),
            LowBytes = Number(memcg, "memory.low"u8, text),
            HighBytes = Number(memcg, "memory.high"u8, text),
            MaxBytes = Number(memcg, "memory.max"u8, text),
            SwapMaxBytes = Number(memcg, "memory.swap.max"u8, text),
        };
        if (Load(memcg, "memory.stat"u8, text) != Errno.None)
            return memory;
        foreach (ReadOnlySpan<byte> line in new TextLines(text.Bytes))
        {
            if (!KeyedNumber.TryParse(line, out ReadOnlySpan<byte> key, out long value))
                continue;
            if (key.SequenceEqual("anon"u8))
                memory = memory with { AnonBytes = value };
            else if (key.SequenceEqual("file"u8))
                memory = memory with { FileBytes = value };
            else if (key.SequenceEqual("shmem"u8))
                memory = memory with { ShmemBytes = value };
            else if (key.SequenceEqual("file_mapped"u8))
                memory = memory with { FileMappedBytes = value };
            else if (key.SequenceEqual("file_dirty"u8))
                memory = memory with { FileDirtyBytes = value };
            else if (key.SequenceEqual("unevictable"u8))
                memory = memory with { UnevictableBytes = value };
        }

        return memory;
    }

    private MemcgMemory ReadV1(Memcg memcg, FileText text)
    {
        long? limit = Number(memcg, "memory.limit_in_bytes"u8, text);
        MemcgMemory memory = new()
        {
            CurrentBytes = Number(memcg, "memory.usage_in_bytes"u8, text),
            MaxBytes = limit > V1NoLimit ? MemcgMemory.NoLimit : limit,
        };
        if (Load(memcg, "memory.stat"u8, text) != Errno.None)
            return memory;

        // The total_ numbers include the descendants, as all of v2's do.
        foreach (ReadOnlySpan<byte> line in new TextLines(text.Bytes))
        {
            if (!KeyedNumber.TryParse(line, out ReadOnlySpan<byte> key, out long value))
                continue;
            if (key.SequenceEqual("total_rss"u8))
                memory = memory with { AnonBytes = value };
            else if (key.SequenceEqual("total_cache"u8))
                memory = memory with { FileBytes = value };
            else if (key.SequenceEqual("total_shmem"u8))
                memory = memory with { ShmemBytes = value };
            else if (key.SequenceEqual("total_mapped_file"u8))
                memory = memory with { FileMappedBytes = value };
            else if (key.SequenceEqual("total_dirty"u8))
                memory = memory with { FileDirtyBytes = value };
            else if (key.SequenceEqual("total_unevictable"u8))
                memory = memory with { UnevictableBytes = value };
            else if (key.SequenceEqual("total_swap"u8))
                memory = memory with { SwapBytes = value };
        }

        return memory;
    }

    private long? Number(Memcg memcg, ReadOnlySpan<byte> file, FileText text) =>
        Load(memcg, file, text) == Errno.None ? KeyedNumber.ParseSingle(text.Bytes) : null;

    private Errno Load(Memcg memcg, ReadOnlySpan<byte> file, FileText text)
    {
        KernelPath path = KernelPath.Child(stackalloc byte[KernelPath.MaxLength], memcg.Directory, file);
        return text.Load(files, path.Bytes);
    }
}
