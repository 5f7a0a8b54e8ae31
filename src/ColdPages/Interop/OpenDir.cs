using System.Runtime.InteropServices;

namespace ColdPages;

internal static partial class LibC
{
    /// <summary>opendir(3).</summary>
    [LibraryImport("libc", EntryPoint = "opendir", SetLastError = true)]
    public static unsafe partial nint OpenDir(byte* path);
}
