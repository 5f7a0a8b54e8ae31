namespace ColdPages;

/// <summary>
/// The seam to the kernel: files by path, read and written at an offset, folders listed with inodes.
/// An errno comes back as a result. The real host and every simulated one implement it; nothing else in the library opens a file
/// of the host that it measures.
/// </summary>
/// <remarks>
/// Paths are absolute, in bytes and without a NUL, as a process of the measured host would write them ("/proc/1/smaps"); an
/// implementation relocates them. Handles are plain numbers so that opening a file costs no object: <see cref="KernelFile"/> closes them.
/// </remarks>
internal abstract class KernelFiles
{
    /// <summary>Bytes of a page of the measured host: 4 KiB on x86, 4, 16 or 64 KiB on Arm.</summary>
    public abstract int PageSize { get; }

    /// <summary>Whether this is a Linux host; elsewhere nothing below is ever called.</summary>
    public virtual bool IsLinux => true;

    /// <summary>Whether the host is one that a program makes up: nobody else can measure it at the same time.</summary>
    public virtual bool IsSimulated => false;

    /// <summary>The mountinfo that says where the measured host has its cgroups.</summary>
    public abstract ReadOnlySpan<byte> MountInfoPath { get; }

    /// <summary>Where a path of the measured host lies in the view of the person at the shell, for messages.</summary>
    public virtual string Display(string path) => path;

    public abstract Errno Open(ReadOnlySpan<byte> path, KernelFileAccess access, out int handle);

    public abstract IoResult Read(int handle, long offset, Span<byte> buffer);

    public abstract IoResult Write(int handle, long offset, ReadOnlySpan<byte> bytes);

    public abstract void Close(int handle);

    /// <summary>Fills <paramref name="listing"/> with the entries of a folder, "." included and ".." not.</summary>
    public abstract Errno List(ReadOnlySpan<byte> path, DirectoryListing listing);

    /// <summary>PAGEMAP_SCAN on an open pagemap: how many regions were found, of at most as many as there is room for.</summary>
    public virtual IoResult ScanPages(int handle, ref PageMapScan scan, Span<PageRegion> regions) => IoResult.Failed(Errno.ENOTTY);

    /// <summary>Whether this process is one of the measured host's, seen by its own /proc/self: then the kernel can be tried on memory of its own.</summary>
    public virtual bool HasOwnMemory => false;

    /// <summary>Maps memory of this process's own; not where there is none (<see cref="HasOwnMemory"/>).</summary>
    /// <param name="length">Bytes, of whole pages.</param>
    /// <param name="hugePage">Bytes of the huge pages that it is to be of, as far as the kernel has some; 0 for small pages only.</param>
    /// <param name="memory">The memory; whoever has it mapped disposes it.</param>
    public virtual Errno MapOwnMemory(long length, long hugePage, out OwnMemory? memory)
    {
        memory = null;
        return Errno.ENOTSUP;
    }

    /// <summary>process_madvise(MADV_PAGEOUT) of no bytes of this process.</summary>
    public virtual Errno PageOutNothing() => Errno.ENOTSUP;

    /// <summary>CPU that the calling thread has used; zero where the host is simulated.</summary>
    public virtual CpuTime ThreadCpu => default;
}

internal enum KernelFileAccess
{
    Read,
    Write,
    ReadWrite,
}

/// <summary>CPU time of a thread, apart by where it was spent.</summary>
internal readonly record struct CpuTime(TimeSpan User, TimeSpan Kernel)
{
    public static CpuTime operator -(CpuTime a, CpuTime b) => new(a.User - b.User, a.Kernel - b.Kernel);

    public static CpuTime operator +(CpuTime a, CpuTime b) => new(a.User + b.User, a.Kernel + b.Kernel);
}
