using System.Runtime.InteropServices;

namespace ColdPages;

internal static partial class LibC
{
    // include/uapi/asm-generic/mman-common.h
    public const int MADV_HUGEPAGE = 14;
    public const int MADV_NOHUGEPAGE = 15;
    public const int MADV_PAGEOUT = 21;

    /// <summary>madvise(2).</summary>
    [LibraryImport("libc", EntryPoint = "madvise", SetLastError = true)]
    public static partial int MAdvise(nint address, nuint length, int advice);
}
