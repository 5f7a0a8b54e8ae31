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
        return Load(memcg, "memory.stat"u8, text) == Errno.None ? With(memory, MemoryStat.ParseV2(text.Bytes)) : memory;
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
        MemoryStat stat = MemoryStat.ParseV1(text.Bytes);
        return With(memory, stat) with { SwapBytes = stat.Swap };
    }

    private static MemcgMemory With(MemcgMemory memory, in MemoryStat stat) => memory with
    {
        AnonBytes = stat.Anon,
        FileBytes = stat.File,
        ShmemBytes = stat.Shmem,
        FileMappedBytes = stat.FileMapped,
        FileDirtyBytes = stat.FileDirty,
        UnevictableBytes = stat.Unevictable,
    };

    private long? Number(Memcg memcg, ReadOnlySpan<byte> file, FileText text) =>
        Load(memcg, file, text) == Errno.None ? KeyedNumber.ParseSingle(text.Bytes) : null;

    private Errno Load(Memcg memcg, ReadOnlySpan<byte> file, FileText text)
    {
        KernelPath path = KernelPath.Child(stackalloc byte[KernelPath.MaxLength], memcg.Directory, file);
        return text.Load(files, path.Bytes);
    }
}
