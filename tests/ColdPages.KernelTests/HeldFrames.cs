using System.Globalization;
using System.Runtime.InteropServices;

namespace ColdPages.KernelTests;

/// <summary>Where a workload's memory is: its largest mapping, and the frames behind it.</summary>
internal sealed class HeldFrames
{
    private readonly int _pid;
    private readonly long _start;
    private readonly long _end;

    public HeldFrames(int pid)
    {
        _pid = pid;
        (_start, _end) = File.ReadLines($"/proc/{pid}/maps").Select(line => line[..line.IndexOf(' ', StringComparison.Ordinal)].Split('-'))
            .Select(ends => (Start: Address(ends[0]), End: Address(ends[1]))).MaxBy(mapping => mapping.End - mapping.Start);
    }

    /// <summary>The frame of each page; 0 where it has none.</summary>
    public long[] Read()
    {
        ulong[] entries = new ulong[(_end - _start) / 4096];
        using FileStream pagemap = new($"/proc/{_pid}/pagemap", FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
        pagemap.Position = _start / 4096 * sizeof(ulong);
        pagemap.ReadExactly(MemoryMarshal.AsBytes(entries.AsSpan()));
        return Array.ConvertAll(entries, entry => entry >> 63 == 1 ? (long)(entry & ((1UL << 55) - 1)) : 0);
    }

    /// <summary>Splits the huge pages of a part, in MiB from its start.</summary>
    public void Split(int fromMiB, int toMiB) =>
        KernelText.Write("/sys/kernel/debug/split_huge_pages", $"{_pid},0x{_start + ((long)fromMiB << 20):x},0x{_start + ((long)toMiB << 20):x}");

    /// <summary>MiB that are in other frames than before.</summary>
    public static int CountMoved(long[] before, long[] after) => before.Zip(after).Count(pair => pair.First != 0 && pair.Second != 0 && pair.First != pair.Second) / 256;

    private static long Address(string text) => long.Parse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
