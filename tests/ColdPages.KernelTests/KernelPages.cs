using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ColdPages.KernelTests;

/// <summary>
/// What the kernel says of single frames, read in the plainest way: one entry at a time, with none of the library's code. Reading idle bits has
/// the kernel look at the accessed bits and clear them, and so has setting them.
/// </summary>
internal sealed class KernelPages : IDisposable
{
    private readonly SafeFileHandle _bitmap = File.OpenHandle("/sys/kernel/mm/page_idle/bitmap", FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
    private readonly SafeFileHandle _flags = File.OpenHandle("/proc/kpageflags");
    private readonly SafeFileHandle _owners = File.OpenHandle("/proc/kpagecgroup");

    /// <summary>The bitmap's word with the bits of 64 frames; null at and past its end.</summary>
    public ulong? ReadWord(long word) => Read(_bitmap, word);

    /// <summary>Gives what the write gave: how many bytes, or an errno below 0.</summary>
    public long WriteWord(long word, ulong value)
    {
        // Not RandomAccess.Write: that goes on until all is written, and the kernel may say 0.
        nint written = PWrite(_bitmap, ref value, sizeof(ulong), word * sizeof(ulong));
        return written < 0 ? -Marshal.GetLastPInvokeError() : written;
    }

    public void MarkIdle(params IEnumerable<long> frames)
    {
        foreach (IGrouping<long, long> word in frames.GroupBy(frame => frame / 64))
            WriteWord(word.Key, word.Aggregate(0UL, (bits, frame) => bits | (1UL << (int)(frame % 64))));
    }

    public bool IsIdle(long frame) => (ReadWord(frame / 64) >> (int)(frame % 64) & 1) == 1;

    public bool[] AreIdle(IEnumerable<long> frames) => [.. frames.Select(IsIdle)];

    public PageFlags Flags(long frame) => (PageFlags)(Read(_flags, frame) ?? 0);

    /// <summary>The inode of the memcg charged.</summary>
    public ulong Owner(long frame) => Read(_owners, frame) ?? 0;

    public void Dispose()
    {
        _bitmap.Dispose();
        _flags.Dispose();
        _owners.Dispose();
    }

    [DllImport("libc", EntryPoint = "pwrite", SetLastError = true)]
    private static extern nint PWrite(SafeFileHandle file, ref ulong value, nint length, long offset);

    private static ulong? Read(SafeFileHandle file, long index)
    {
        ulong entry = 0;
        return RandomAccess.Read(file, MemoryMarshal.AsBytes(new Span<ulong>(ref entry)), index * sizeof(ulong)) == sizeof(ulong) ? entry : null;
    }
}
