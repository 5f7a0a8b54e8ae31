using System.Runtime.InteropServices;

namespace ColdPages;

internal static partial class LibC
{
    // include/uapi/asm-generic/fcntl.h
    public const int LOCK_EX = 2;
    public const int LOCK_NB = 4;

    /// <summary>flock(2). The kernel lets go of the lock when the last copy of the file handle closes, SIGKILL included.</summary>
    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    public static partial int FLock(int fd, int operation);
}
