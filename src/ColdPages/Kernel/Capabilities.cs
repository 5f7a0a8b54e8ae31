using System.Buffers.Text;

namespace ColdPages;

/// <summary>What this process may do (include/uapi/linux/capability.h), a bit a capability.</summary>
internal static class Capabilities
{
    public const ulong DacOverride = 1UL << 1;
    public const ulong SysPtrace = 1UL << 19;
    public const ulong SysNice = 1UL << 23;

    /// <summary>Whether it has all of them.</summary>
    public static bool Has(KernelFiles files, ulong needed)
    {
        using FileText text = FileText.Rent();
        if (text.Load(files, "/proc/self/status"u8) != Errno.None)
            return false;
        foreach (ReadOnlySpan<byte> line in new TextLines(text.Bytes))
        {
            ReadOnlySpan<byte> rest = line;
            if (TextLines.TakeField(ref rest).SequenceEqual("CapEff:"u8))
                return Utf8Parser.TryParse(TextLines.TakeField(ref rest), out ulong effective, out _, 'x') && (effective & needed) == needed;
        }

        return false;
    }
}
