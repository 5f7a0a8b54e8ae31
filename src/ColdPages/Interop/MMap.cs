using System.Runtime.InteropServices;

namespace ColdPages;

internal static partial class LibC
{
    // include/uapi/asm-generic/mman-common.h, mman.h; the same on every architecture .NET runs on.
    public const int PROT_NONE = 0;
    public const int PROT_READ = 1;
    public const int PROT_WRITE = 2;
    public const int MAP_PRIVATE = 2;
    public const int MAP_ANONYMOUS = 0x20;
    public const int MAP_NORESERVE = 0x4000;

    /// <summary>What mmap gives where it fails.</summary>
    public const nint MAP_FAILED = -1;

    /// <summary>mmap(2).</summary>
    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    public static partial nint MMap(nint address, nuint length, int protection, int flags, int fd, nint offset);
}
