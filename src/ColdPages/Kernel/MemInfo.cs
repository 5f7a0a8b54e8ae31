namespace ColdPages;

/// <summary>What /proc/meminfo says of the host (fs/proc/meminfo.c), in bytes; 0 for a line that this kernel lacks.</summary>
internal readonly record struct MemInfo(long Total, long Available, long SwapTotal, long SwapFree, long HugeMapped)
{
    public static MemInfo Parse(ReadOnlySpan<byte> text)
    {
        MemInfo info = default;
        foreach (ReadOnlySpan<byte> line in new TextLines(text))
        {
            if (!KeyedNumber.TryParse(line, out ReadOnlySpan<byte> key, out long value))
                continue;
            if (key.SequenceEqual("MemTotal"u8))
                info = info with { Total = value };
            else if (key.SequenceEqual("MemAvailable"u8))
                info = info with { Available = value };
            else if (key.SequenceEqual("SwapTotal"u8))
                info = info with { SwapTotal = value };
            else if (key.SequenceEqual("SwapFree"u8))
                info = info with { SwapFree = value };
            else if (key.SequenceEqual("AnonHugePages"u8) || key.SequenceEqual("ShmemPmdMapped"u8) || key.SequenceEqual("FilePmdMapped"u8))
                info = info with { HugeMapped = info.HugeMapped + value };
        }

        return info;
    }

    public static MemInfo Read(KernelFiles files)
    {
        using FileText text = FileText.Rent();
        return text.Load(files, "/proc/meminfo"u8) == Errno.None ? Parse(text.Bytes) : default;
    }
}
