using System.Runtime.InteropServices;

namespace ColdPages;

internal static partial class LibC
{
    /// <summary>closedir(3).</summary>
    [LibraryImport("libc", EntryPoint = "closedir")]
    public static partial int CloseDir(nint directory);
}
