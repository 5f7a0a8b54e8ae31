using System.Runtime.InteropServices;

namespace ColdPages;

internal static partial class LibC
{
    /// <summary>ftruncate(2).</summary>
    [LibraryImport("libc", EntryPoint = "ftruncate", SetLastError = true)]
    public static partial int FTruncate(int fd, long length);
}
