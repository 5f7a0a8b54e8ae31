using System.Runtime.InteropServices;
using System.Text;

namespace ColdPages.Tests;

/// <summary>A real folder for a test, whose entries may have any bytes in their names.</summary>
internal sealed partial class RawFolder : IDisposable
{
    private readonly List<byte[]> _rawFiles = [];

    public RawFolder() => Path = Directory.CreateTempSubdirectory("coldpages-test-").FullName;

    public string Path { get; }

    public string Write(string relative, string content)
    {
        string full = MakeFolder(relative[..relative.LastIndexOf('/')]) + relative[relative.LastIndexOf('/')..];
        File.WriteAllText(full, content);
        return full;
    }

    public string MakeFolder(string relative) => Directory.CreateDirectory(Path + relative).FullName;

    /// <summary>Makes an empty file by a name that need not be UTF-8.</summary>
    public unsafe void WriteRaw(ReadOnlySpan<byte> name)
    {
        byte[] full = [.. Encoding.UTF8.GetBytes(Path), (byte)'/', .. name, 0];
        fixed (byte* start = full)
        {
            int handle = LibC.Open(start, LibC.O_WRONLY | LibC.O_CREAT, 0x180);
            Assert.True(handle >= 0);
            _ = LibC.Close(handle);
        }

        _rawFiles.Add(full);
    }

    /// <summary>The inode that stat tells.</summary>
    public static unsafe ulong InodeOf(string path)
    {
        const int AtFdCwd = -100;
        const uint StatxIno = 0x100;
        byte[] name = [.. Encoding.UTF8.GetBytes(path), 0];
        byte[] answer = new byte[256];
        fixed (byte* start = name, into = answer)
            Assert.Equal(0, Statx(AtFdCwd, start, 0, StatxIno, into));

        // Offset of stx_ino in struct statx (include/uapi/linux/stat.h), the same on every architecture.
        return BitConverter.ToUInt64(answer, 0x20);
    }

    public unsafe void Dispose()
    {
        foreach (byte[] file in _rawFiles)
        {
            fixed (byte* start = file)
                _ = Unlink(start);
        }

        Directory.Delete(Path, recursive: true);
    }

    [LibraryImport("libc", EntryPoint = "statx")]
    private static unsafe partial int Statx(int folder, byte* path, int flags, uint mask, byte* answer);

    [LibraryImport("libc", EntryPoint = "unlink")]
    private static unsafe partial int Unlink(byte* path);
}
