using System.Runtime.InteropServices;

namespace ColdPages;

internal static partial class LibC
{
    /// <summary>include/uapi/linux/resource.h: the calling thread.</summary>
    public const int RUSAGE_THREAD = 1;

    /// <summary>struct rusage on 64-bit Linux: two struct timeval, then fourteen longs that we do not read.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 144)]
    public struct RUsage
    {
        public long UserSeconds;
        public long UserMicroseconds;
        public long SystemSeconds;
        public long SystemMicroseconds;
    }

    /// <summary>getrusage(2).</summary>
    [LibraryImport("libc", EntryPoint = "getrusage")]
    public static unsafe partial int GetRUsage(int who, RUsage* usage);
}
