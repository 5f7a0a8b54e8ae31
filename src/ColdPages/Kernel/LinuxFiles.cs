using System.Runtime.InteropServices;
using System.Text;

namespace ColdPages;

/// <summary>The real host, or one whose files are found under another folder.</summary>
internal sealed class LinuxFiles : KernelFiles
{
    private readonly byte[] _prefix;

    public LinuxFiles(string prefix) => _prefix = Encoding.UTF8.GetBytes(prefix.TrimEnd('/'));

    public override int PageSize => Environment.SystemPageSize;

    public override bool IsLinux => OperatingSystem.IsLinux();

    // Through a mounted root, "self" would be a process of another pid namespace; pid 1 there stands for the host.
    public override ReadOnlySpan<byte> MountInfoPath => _prefix.Length == 0 ? "/proc/self/mountinfo"u8 : "/proc/1/mountinfo"u8;

    public override string Display(string path) => Encoding.UTF8.GetString(_prefix) + path;

    public override unsafe CpuTime ThreadCpu
    {
        get
        {
            LibC.RUsage usage;
            if (LibC.GetRUsage(LibC.RUSAGE_THREAD, &usage) != 0)
                return default;
            return new CpuTime(
                TimeSpan.FromSeconds(usage.UserSeconds, microseconds: usage.UserMicroseconds),
                TimeSpan.FromSeconds(usage.SystemSeconds, microseconds: usage.SystemMicroseconds));
        }
    }

    public override unsafe Errno Open(ReadOnlySpan<byte> path, KernelFileAccess access, out int handle)
    {
        int flags = LibC.O_CLOEXEC | access switch
        {
            KernelFileAccess.Write => LibC.O_WRONLY,
            KernelFileAccess.ReadWrite => LibC.O_RDWR,
            _ => LibC.O_RDONLY,
        };
        handle = -1;
        Span<byte> full = stackalloc byte[KernelPath.MaxLength];
        if (!Relocate(path, full))
            return Errno.ENAMETOOLONG;
        fixed (byte* name = full)
        {
            do
            {
                handle = LibC.Open(name, flags, 0);
                if (handle >= 0)
                    return Errno.None;
            }
            while (LastError() == Errno.EINTR);
        }

        return LastError();
    }

    public override unsafe IoResult Read(int handle, long offset, Span<byte> buffer)
    {
        fixed (byte* start = buffer)
        {
            nint count;
            do
                count = LibC.PRead(handle, start, (nuint)buffer.Length, offset);
            while (count < 0 && LastError() == Errno.EINTR);
            return count < 0 ? IoResult.Failed(LastError()) : IoResult.Done((int)count);
        }
    }

    public override unsafe IoResult Write(int handle, long offset, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* start = bytes)
        {
            nint count;
            do
                count = LibC.PWrite(handle, start, (nuint)bytes.Length, offset);
            while (count < 0 && LastError() == Errno.EINTR);

            // Files that the kernel makes line by line can be read anywhere and written to only as they stand (seq_open in fs/seq_file.c): they take commands.
            if (count < 0 && offset == 0 && LastError() == Errno.ESPIPE)
                count = LibC.Write(handle, start, (nuint)bytes.Length);
            return count < 0 ? IoResult.Failed(LastError()) : IoResult.Done((int)count);
        }
    }

    public override void Close(int handle) => _ = LibC.Close(handle);

    public override unsafe Errno List(ReadOnlySpan<byte> path, DirectoryListing listing)
    {
        listing.Clear();
        Span<byte> full = stackalloc byte[KernelPath.MaxLength];
        if (!Relocate(path, full))
            return Errno.ENAMETOOLONG;
        nint directory;
        fixed (byte* name = full)
            directory = LibC.OpenDir(name);
        if (directory == 0)
            return LastError();
        try
        {
            while (true)
            {
                // Null stands for the end and for an error. LibraryImport sets errno to 0 before the call, so 0 is the end.
                LibC.DirEnt* entry = LibC.ReadDir(directory);
                if (entry == null)
                    return LastError();
                ReadOnlySpan<byte> name = MemoryMarshal.CreateReadOnlySpanFromNullTerminated((byte*)entry + LibC.DirEnt.NameOffset);
                listing.Add(entry->Inode, entry->Type == LibC.DirEnt.DT_DIR, name);
            }
        }
        finally
        {
            _ = LibC.CloseDir(directory);
        }
    }

    public override unsafe IoResult ScanPages(int handle, ref PageMapScan scan, Span<PageRegion> regions)
    {
        fixed (PageRegion* found = regions)
        {
            scan.Size = (ulong)sizeof(PageMapScan);
            scan.Regions = (ulong)found;
            scan.RegionCount = (ulong)regions.Length;
            fixed (PageMapScan* argument = &scan)
            {
                int count = LibC.IoCtl(handle, PageMapScan.Request, argument);
                return count < 0 ? IoResult.Failed(LastError()) : IoResult.Done(count);
            }
        }
    }

    public override bool HasOwnMemory => _prefix.Length == 0 && IsLinux && Environment.Is64BitProcess;

    public override Errno MapOwnMemory(long length, long hugePage, out OwnMemory? memory) => HasOwnMemory
        ? LinuxOwnMemory.Map(length, hugePage, out memory)
        : base.MapOwnMemory(length, hugePage, out memory);

    public override Errno PageOutNothing()
    {
        if (!HasOwnMemory)
            return base.PageOutNothing();
        int process = LibC.PidFdOpen(Environment.ProcessId);
        if (process < 0)
            return LastError();
        Errno error = LibC.ProcessMAdvise(process, [default], LibC.MADV_PAGEOUT) < 0 ? LastError() : Errno.None;
        _ = LibC.Close(process);
        return error;
    }

    private static Errno LastError() => (Errno)Marshal.GetLastPInvokeError();

    private bool Relocate(ReadOnlySpan<byte> path, Span<byte> full)
    {
        if (_prefix.Length + path.Length + 1 > full.Length)
            return false;
        _prefix.CopyTo(full);
        path.CopyTo(full[_prefix.Length..]);
        full[_prefix.Length + path.Length] = 0;
        return true;
    }
}
