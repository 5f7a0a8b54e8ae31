using System.Runtime.InteropServices;

namespace ColdPages;

internal static partial class LibC
{
    /// <summary>pread(2).</summary>
    [LibraryImport("libc", EntryPoint = "pread", SetLastError = true)]
    public static unsafe partial nint PRead(int fd, byte* buffer, nuint count, long offset);
}
