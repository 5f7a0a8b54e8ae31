using System.Runtime.InteropServices;

namespace ColdPages;

internal static partial class LibC
{
    /// <summary>close(2).</summary>
    [LibraryImport("libc", EntryPoint = "close")]
    public static partial int Close(int fd);
}
