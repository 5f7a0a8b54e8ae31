using System.Runtime.InteropServices;

namespace ColdPages;

internal static partial class LibC
{
    // include/uapi/asm-generic/unistd.h; the same on every architecture .NET runs on.
    private const nint SYS_pidfd_open = 434;

    /// <summary>pidfd_open(2), for which older C libraries have no name.</summary>
    public static int PidFdOpen(int pid) => (int)PidFdOpen(SYS_pidfd_open, pid, 0);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint PidFdOpen(nint number, nint pid, nint flags);
}
