namespace ColdPages.Benchmarks;

/// <summary>
/// An smaps in memory, given out as the kernel does it: whole mappings, as many as fit into what one read gives (fs/seq_file.c,
/// seq_read_iter). What is left of the cost of a read is the copy.
/// </summary>
internal sealed class MemoryFile : KernelFiles
{
    private const int Handle = 3;

    private readonly byte[] _content;
    private readonly int _readBytes;
    private readonly List<int> _mappingEnds = [];

    public MemoryFile(byte[] content, int readBytes)
    {
        _content = content;
        _readBytes = readBytes;
        int position = 0;
        while (content.AsSpan(position).IndexOf("\nVmFlags:"u8) is int lastLine and >= 0)
        {
            position += lastLine + 1;
            position += content.AsSpan(position).IndexOf((byte)'\n') + 1;
            _mappingEnds.Add(position);
        }
    }

    public override int PageSize => 4096;

    public override ReadOnlySpan<byte> MountInfoPath => "/proc/self/mountinfo"u8;

    public override Errno Open(ReadOnlySpan<byte> path, KernelFileAccess access, out int handle)
    {
        handle = Handle;
        return Errno.None;
    }

    public override IoResult Read(int handle, long offset, Span<byte> buffer)
    {
        int start = (int)offset;
        int place = _mappingEnds.BinarySearch(start + Math.Min(buffer.Length, _readBytes));
        int last = place >= 0 ? place : ~place - 1;
        int count = last < 0 ? 0 : _mappingEnds[last] - start;
        if (count <= 0 && start < _content.Length)
            throw new InvalidOperationException($"A read of {buffer.Length} bytes at {offset} has no room for one mapping.");
        _content.AsSpan(start, count).CopyTo(buffer);
        return IoResult.Done(count);
    }

    public override IoResult Write(int handle, long offset, ReadOnlySpan<byte> bytes) => IoResult.Failed(Errno.EINVAL);

    public override void Close(int handle)
    {
    }

    public override Errno List(ReadOnlySpan<byte> path, DirectoryListing listing) => Errno.ENOENT;
}
