using System.Buffers.Text;

namespace ColdPages;

/// <summary>The multi-generational LRU (Documentation/admin-guide/mm/multigen_lru.rst).</summary>
internal static class LruGen
{
    /// <summary>Whether the kernel uses it: /sys/kernel/mm/lru_gen/enabled, "0x0007", a bit a feature and the first one the main switch.</summary>
    public static bool IsEnabled(KernelFiles files)
    {
        using FileText text = FileText.Rent();
        return text.Load(files, "/sys/kernel/mm/lru_gen/enabled"u8) == Errno.None
            && text.Bytes.StartsWith("0x"u8)
            && Utf8Parser.TryParse(text.Bytes[2..], out uint features, out _, 'x') && (features & 1) != 0;
    }
}
