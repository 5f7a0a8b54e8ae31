using System.Runtime.InteropServices;

namespace ColdPages;

internal static partial class LibC
{
    // include/uapi/asm-generic/unistd.h; the same on every architecture .NET runs on.
    private const nint SYS_process_madvise = 440;

    /// <summary>struct iovec.</summary>
    public struct IoVec
    {
        public nint Base;
        public nuint Length;
    }

    /// <summary>process_madvise(2), for which older C libraries have no name: how many bytes were advised, or -1.</summary>
    public static unsafe nint ProcessMAdvise(int pidFd, ReadOnlySpan<IoVec> ranges, int advice)
    {
        fixed (IoVec* first = ranges)
            return ProcessMAdvise(SYS_process_madvise, pidFd, first, (nuint)ranges.Length, advice, 0);
    }

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static unsafe partial nint ProcessMAdvise(nint number, nint pidFd, IoVec* ranges, nuint count, nint advice, nuint flags);
}
