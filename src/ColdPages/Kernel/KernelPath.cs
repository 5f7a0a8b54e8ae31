using System.Buffers.Text;

namespace ColdPages;

/// <summary>Builds the path of a kernel file in bytes on the stack.</summary>
internal ref struct KernelPath(Span<byte> buffer)
{
    /// <summary>PATH_MAX of Linux: no path is longer, its NUL included.</summary>
    public const int MaxLength = 4096;

    private readonly Span<byte> _buffer = buffer;
    private int _length;

    public readonly ReadOnlySpan<byte> Bytes => _buffer[.._length];

    /// <summary>"/proc/PID/name".</summary>
    public static KernelPath Process(Span<byte> buffer, int pid, ReadOnlySpan<byte> name)
    {
        KernelPath path = new(buffer);
        path.Append("/proc/"u8);
        Utf8Formatter.TryFormat(pid, path._buffer[path._length..], out int digits);
        path._length += digits;
        path.Append("/"u8);
        path.Append(name);
        return path;
    }

    /// <summary>A file in a folder.</summary>
    public static KernelPath Child(Span<byte> buffer, ReadOnlySpan<byte> folder, ReadOnlySpan<byte> name)
    {
        KernelPath path = new(buffer);
        path.Append(folder.SequenceEqual("/"u8) ? default : folder);
        path.Append("/"u8);
        path.Append(name);
        return path;
    }

    // A path longer than PATH_MAX cannot exist; cut short it will not be found, which is the answer it deserves.
    private void Append(ReadOnlySpan<byte> part)
    {
        int room = Math.Min(part.Length, _buffer.Length - _length);
        part[..room].CopyTo(_buffer[_length..]);
        _length += room;
    }
}
