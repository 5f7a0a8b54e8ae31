namespace ColdPages;

/// <summary>Kernel samepage merging (Documentation/admin-guide/mm/ksm.rst).</summary>
internal static class Ksm
{
    /// <summary>Whether pages of the same content are being merged.</summary>
    public static bool IsRunning(KernelFiles files)
    {
        using FileText text = FileText.Rent();
        return text.Load(files, "/sys/kernel/mm/ksm/run"u8) == Errno.None && KeyedNumber.ParseSingle(text.Bytes) == 1;
    }
}
