namespace ColdPages.Tests;

/// <summary>A host whose own garbage is counted, to be taken off what a scan makes.</summary>
internal sealed class MeteredFiles(KernelFiles files) : KernelFiles
{
    /// <summary>What the host itself has allocated so far.</summary>
    public long AllocatedBytes { get; private set; }

    public override int PageSize => files.PageSize;

    public override bool IsSimulated => files.IsSimulated;

    public override ReadOnlySpan<byte> MountInfoPath => files.MountInfoPath;

    public override Errno Open(ReadOnlySpan<byte> path, KernelFileAccess access, out int handle)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        Errno error = files.Open(path, access, out handle);
        AllocatedBytes += GC.GetAllocatedBytesForCurrentThread() - before;
        return error;
    }

    public override IoResult Read(int handle, long offset, Span<byte> buffer)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        IoResult result = files.Read(handle, offset, buffer);
        AllocatedBytes += GC.GetAllocatedBytesForCurrentThread() - before;
        return result;
    }

    public override IoResult Write(int handle, long offset, ReadOnlySpan<byte> bytes)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        IoResult result = files.Write(handle, offset, bytes);
        AllocatedBytes += GC.GetAllocatedBytesForCurrentThread() - before;
        return result;
    }

    public override void Close(int handle)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        files.Close(handle);
        AllocatedBytes += GC.GetAllocatedBytesForCurrentThread() - before;
    }

    public override Errno List(ReadOnlySpan<byte> path, DirectoryListing listing)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        Errno error = files.List(path, listing);
        AllocatedBytes += GC.GetAllocatedBytesForCurrentThread() - before;
        return error;
    }
}
