using System.Runtime.InteropServices;

namespace ColdPages;

internal static partial class LibC
{
    /// <summary>The head of struct dirent on 64-bit Linux (glibc and musl agree); the name follows it, NUL-terminated.</summary>
    [StructLayout(LayoutKind.Sequential, Pack = 1)]
    public struct DirEnt
    {
        /// <summary>Offset of d_name in struct dirent.</summary>
        public const int NameOffset = 19;

        /// <summary>d_type of a directory.</summary>
        public const byte DT_DIR = 4;

        public ulong Inode;
        public long Offset;
        public ushort RecordLength;
        public byte Type;
    }

    /// <summary>readdir(3): null at the end, or on an error that errno tells.</summary>
    [LibraryImport("libc", EntryPoint = "readdir", SetLastError = true)]
    public static unsafe partial DirEnt* ReadDir(nint directory);
}
