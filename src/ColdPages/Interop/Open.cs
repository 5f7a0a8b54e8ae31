using System.Runtime.InteropServices;

namespace ColdPages;

/// <summary>libc, one function a file. The process's errno is read with <see cref="Marshal.GetLastPInvokeError"/>.</summary>
internal static partial class LibC
{
    // include/uapi/asm-generic/fcntl.h; these have the same value on every architecture .NET runs on.
    public const int O_RDONLY = 0;
    public const int O_WRONLY = 1;
    public const int O_RDWR = 2;
    public const int O_CREAT = 0x40;
    public const int O_CLOEXEC = 0x80000;

    /// <summary>O_NOFOLLOW, which Arm has elsewhere (arch/arm64/include/uapi/asm/fcntl.h).</summary>
    public static int NoFollow => RuntimeInformation.ProcessArchitecture is Architecture.Arm64 or Architecture.Arm ? 0x8000 : 0x20000;

    /// <summary>open(2). The path is bytes, since names of cgroups need not be UTF-8.</summary>
    [LibraryImport("libc", EntryPoint = "open", SetLastError = true)]
    public static unsafe partial int Open(byte* path, int flags, uint mode);
}
