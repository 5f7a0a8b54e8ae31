namespace ColdPages;

/// <summary>Memory in nodes (Documentation/admin-guide/sysctl/kernel.rst, numa_balancing).</summary>
internal static class Numa
{
    /// <summary>Whether the kernel moves pages to the nodes that use them, and has more than one.</summary>
    public static bool IsBalancing(KernelFiles files)
    {
        using FileText text = FileText.Rent();
        return text.Load(files, "/proc/sys/kernel/numa_balancing"u8) == Errno.None && KeyedNumber.ParseSingle(text.Bytes) is > 0
            && text.Load(files, "/sys/devices/system/node/online"u8) == Errno.None && text.Bytes.ContainsAny((byte)'-', (byte)',');
    }
}
