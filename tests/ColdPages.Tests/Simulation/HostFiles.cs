using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using ColdPages.Simulation;

namespace ColdPages.Tests;

/// <summary>Reads and writes the files of a simulated host as a program would, one operation at a time.</summary>
internal static class HostFiles
{
    public const string Bitmap = "/sys/kernel/mm/page_idle/bitmap";

    public static ReadOnlySpan<byte> BitmapBytes => "/sys/kernel/mm/page_idle/bitmap"u8;

    public static IoResult Read(this SimulatedHost host, string path, long offset, Span<byte> buffer)
    {
        using KernelFile file = host.Open(path);
        return file.Read(offset, buffer);
    }

    public static IoResult Write(this SimulatedHost host, string path, long offset, ReadOnlySpan<byte> bytes)
    {
        using KernelFile file = host.Open(path, KernelFileAccess.Write);
        return file.Write(offset, bytes);
    }

    public static string Text(this SimulatedHost host, string path)
    {
        using FileText text = FileText.Rent();
        Assert.Equal(Errno.None, text.Load(host.Files, Encoding.UTF8.GetBytes(path)));
        return Encoding.UTF8.GetString(text.Bytes);
    }

    /// <summary>The number behind a key in a file of such lines.</summary>
    public static long Number(this SimulatedHost host, string path, string key)
    {
        string line = Assert.Single(host.Text(path).Split('\n'), line => line.StartsWith(key + " ", StringComparison.Ordinal));
        return long.Parse(line[(key.Length + 1)..], CultureInfo.InvariantCulture);
    }

    /// <summary>A number of a memcg's memory.stat, in pages or events.</summary>
    public static long Stat(this SimulatedHost host, SimulatedMemcg memcg, string key, bool inPages = true) =>
        host.Number($"/sys/fs/cgroup{(memcg.Parent is null ? "" : memcg.Path)}/memory.stat", key) / (inPages ? host.PageSize : 1);

    public static long VmStat(this SimulatedHost host, string key) => host.Number("/proc/vmstat", key);

    /// <summary>Every whole word of the bitmap, read in pieces as the kernel gives them.</summary>
    public static ulong[] Bits(this SimulatedHost host)
    {
        List<ulong> words = [];
        ulong[] piece = new ulong[512];
        using KernelFile file = host.Open(Bitmap);
        while (true)
        {
            IoResult result = file.Read(words.Count * 8L, MemoryMarshal.AsBytes(piece.AsSpan()));
            Assert.True(result.Ok);
            if (result.Count == 0)
                return [.. words];
            words.AddRange(piece.AsSpan(0, result.Count / 8));
        }
    }

    public static bool IsIdle(this SimulatedHost host, int frame) => (host.Bits()[frame / 64] & (1UL << (frame % 64))) != 0;

    /// <summary>Writes ones for every frame.</summary>
    public static void MarkAll(this SimulatedHost host)
    {
        byte[] ones = new byte[4096];
        ones.AsSpan().Fill(255);
        using KernelFile file = host.Open(Bitmap, KernelFileAccess.ReadWrite);
        for (long offset = 0; offset * 8 < host.Frames; offset += 4096)
            Assert.True(file.Write(offset, ones).Ok);
    }

    public static ulong Flags(this SimulatedHost host, int frame) => host.Entry("/proc/kpageflags", frame);

    public static ulong Owner(this SimulatedHost host, int frame) => host.Entry("/proc/kpagecgroup", frame);

    public static ulong Entry(this SimulatedHost host, string path, int frame)
    {
        ulong[] entry = new ulong[1];
        Assert.Equal(IoResult.Done(8), host.Read(path, frame * 8L, MemoryMarshal.AsBytes(entry.AsSpan())));
        return entry[0];
    }

    private static KernelFile Open(this SimulatedHost host, string path, KernelFileAccess access = KernelFileAccess.Read)
    {
        Assert.Equal(Errno.None, KernelFile.Open(host.Files, Encoding.UTF8.GetBytes(path), access, out KernelFile file));
        return file;
    }
}
