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
        path.Append(pid);
        path.Append("/"u8);
        path.Append(name);
        return path;
    }

    /// <summary>"/proc/PID/task/TID/name".</summary>
    public static KernelPath Thread(Span<byte> buffer, int pid, int tid, ReadOnlySpan<byte> name)
    {
        KernelPath path = Process(buffer, pid, "task/"u8);
        path.Append(tid);
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

    private void Append(int number)
    {
        Utf8Formatter.TryFormat(number, _buffer[_length..], out int digits);
        _length += digits;
    }

    // A path longer than PATH_MAX cannot exist; cut short it will not be found, which is the answer it deserves.
    private void Append(ReadOnlySpan<byte> part)
    {
        int room = Math.Min(part.Length, _buffer.Length - _length);
        part[..room].CopyTo(_buffer[_length..]);
        _length += room;
    }
}
