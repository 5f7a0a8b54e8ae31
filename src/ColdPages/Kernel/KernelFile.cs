namespace ColdPages;

/// <summary>
/// An open kernel file. A struct, so that a scan of ten thousand processes makes no garbage; whoever opened it disposes it, once.
/// </summary>
internal readonly struct KernelFile : IDisposable
{
    private readonly KernelFiles _files;
    private readonly int _handle;

    private KernelFile(KernelFiles files, int handle)
    {
        _files = files;
        _handle = handle;
    }

    public static Errno Open(KernelFiles files, ReadOnlySpan<byte> path, KernelFileAccess access, out KernelFile file)
    {
        Errno error = files.Open(path, access, out int handle);
        file = error == Errno.None ? new KernelFile(files, handle) : default;
        return error;
    }

    public IoResult Read(long offset, Span<byte> buffer) => _files.Read(_handle, offset, buffer);

    public IoResult Write(long offset, ReadOnlySpan<byte> bytes) => _files.Write(_handle, offset, bytes);

    /// <inheritdoc cref="KernelFiles.ScanPages"/>
    public IoResult ScanPages(ref PageMapScan scan, Span<PageRegion> regions) => _files.ScanPages(_handle, ref scan, regions);

    /// <summary>Closes the file; a file that failed to open has nothing to close.</summary>
    public void Dispose() => _files?.Close(_handle);
}
