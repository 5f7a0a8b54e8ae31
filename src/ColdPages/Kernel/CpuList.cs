using System.Buffers.Text;

namespace ColdPages;

/// <summary>/sys/devices/system/cpu/online, as in "0-3,8".</summary>
internal static class CpuList
{
    /// <summary>How many CPUs; 1 where it is not told.</summary>
    public static int CountOnline(KernelFiles files)
    {
        using FileText text = FileText.Rent();
        if (text.Load(files, "/sys/devices/system/cpu/online"u8) != Errno.None)
            return 1;
        ReadOnlySpan<byte> list = text.Bytes;
        int count = 0;
        foreach (Range range in list.Split((byte)','))
        {
            ReadOnlySpan<byte> part = list[range].TrimEnd((byte)'\n');
            if (!Utf8Parser.TryParse(part, out int first, out int used))
                continue;
            int last = first;
            if (used < part.Length)
                _ = Utf8Parser.TryParse(part[(used + 1)..], out last, out _);
            count += Math.Max(0, last - first + 1);
        }

        return Math.Max(1, count);
    }
}
