using System.Buffers.Text;

namespace ColdPages;

/// <summary>The multi-generational LRU (Documentation/admin-guide/mm/multigen_lru.rst).</summary>
internal static class LruGen
{
    /// <summary>/sys/kernel/debug/lru_gen: what <see cref="LruGenText"/> reads, and where commands are written.</summary>
    public const string Name = "/sys/kernel/debug/lru_gen";

    public static ReadOnlySpan<byte> Path => "/sys/kernel/debug/lru_gen"u8;

    /// <summary>What the kernel uses of it: /sys/kernel/mm/lru_gen/enabled, "0x0007", a bit a feature. None where it has none.</summary>
    public static LruGenFeatures Features(KernelFiles files)
    {
        using FileText text = FileText.Rent();
        return text.Load(files, "/sys/kernel/mm/lru_gen/enabled"u8) == Errno.None
            && text.Bytes.StartsWith("0x"u8)
            && Utf8Parser.TryParse(text.Bytes[2..], out uint features, out _, 'x')
            ? (LruGenFeatures)features
            : LruGenFeatures.None;
    }

    public static bool IsEnabled(KernelFiles files) => (Features(files) & LruGenFeatures.Core) != LruGenFeatures.None;

    /// <summary>How young the kernel may let generations become before it kills processes for it; zero where it is not set.</summary>
    public static TimeSpan MinimumTimeToLive(KernelFiles files)
    {
        using FileText text = FileText.Rent();
        return text.Load(files, "/sys/kernel/mm/lru_gen/min_ttl_ms"u8) == Errno.None && KeyedNumber.ParseSingle(text.Bytes) is { } milliseconds
            ? TimeSpan.FromMilliseconds(Math.Min(milliseconds, int.MaxValue))
            : TimeSpan.Zero;
    }

    /// <summary>
    /// Makes a new generation of a memcg's pages on a node: "+ memcg node max_gen swappiness force_scan". What was touched since the last one is found and becomes part
    /// of the youngest until now. The last two are always 1: a 0 would throw the coldest anonymous pages among the youngest, or look at no page table.
    /// </summary>
    public static IoResult Age(KernelFile file, ulong memcgId, int node, ulong youngest)
    {
        Span<byte> command = stackalloc byte[96];
        int length = 0;
        Append(command, ref length, "+ "u8);
        Append(command, ref length, memcgId);
        Append(command, ref length, " "u8);
        Append(command, ref length, (ulong)node);
        Append(command, ref length, " "u8);
        Append(command, ref length, youngest);
        Append(command, ref length, " 1 1\n"u8);
        return file.Write(0, command[..length]);
    }

    private static void Append(Span<byte> text, ref int length, ReadOnlySpan<byte> part)
    {
        part.CopyTo(text[length..]);
        length += part.Length;
    }

    private static void Append(Span<byte> text, ref int length, ulong number)
    {
        Utf8Formatter.TryFormat(number, text[length..], out int digits);
        length += digits;
    }
}

[Flags]
internal enum LruGenFeatures : uint
{
    None = 0,

    /// <summary>The main switch.</summary>
    Core = 1,

    /// <summary>Page tables are walked for accessed bits; without it a new generation is made and nobody looks who was touched.</summary>
    PageTableWalks = 2,

    /// <summary>A walk passes over page tables whose own accessed bit is not set.</summary>
    NonLeafYoung = 4,
}
