namespace ColdPages;

/// <summary>What a process maps, of /proc/PID/status (fs/proc/task_mmu.c, task_mem), in bytes: pages, each once a mapping.</summary>
internal readonly record struct ProcessMemory(long Anon, long Shmem)
{
    /// <summary>Null for one that has no memory of its own, as a kernel thread.</summary>
    public static ProcessMemory? Parse(ReadOnlySpan<byte> status)
    {
        long? anon = null;
        long shmem = 0;
        foreach (ReadOnlySpan<byte> line in new TextLines(status))
        {
            if (!line.StartsWith("Rss"u8) || !KeyedNumber.TryParse(line, out ReadOnlySpan<byte> key, out long value))
                continue;
            if (key.SequenceEqual("RssAnon"u8))
                anon = value;
            else if (key.SequenceEqual("RssShmem"u8))
                shmem = value;
        }

        return anon is null ? null : new ProcessMemory(anon.Value, shmem);
    }

    /// <summary>Whose it is, as the procfs that it was read from numbers processes; 0 where it does not say.</summary>
    public static int ParsePid(ReadOnlySpan<byte> status)
    {
        foreach (ReadOnlySpan<byte> line in new TextLines(status))
        {
            if (line.StartsWith("Pid:"u8) && KeyedNumber.TryParse(line, out _, out long pid))
                return (int)pid;
        }

        return 0;
    }

    public static ProcessMemory operator +(ProcessMemory a, ProcessMemory b) => new(a.Anon + b.Anon, a.Shmem + b.Shmem);

    public static ProcessMemory operator -(ProcessMemory a, ProcessMemory b) => new(a.Anon - b.Anon, a.Shmem - b.Shmem);
}
