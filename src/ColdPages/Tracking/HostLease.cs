using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace ColdPages;

/// <summary>
/// The right to be the only one who measures a host: a lock on a file that names its holder. The kernel frees it with the process, however
/// that ends.
/// </summary>
internal sealed class HostLease : IDisposable
{
    private const string FileName = "lease";
    private const int MaxCommandLength = 200;
    private const uint Mode = 0x1A4; // 0644

    private int _fd;

    private HostLease(int fd) => _fd = fd;

    /// <summary>Takes the lease; null where somebody else holds it or it cannot be taken, one of which is then said.</summary>
    public static HostLease? TryTake(string directory, out LeaseHolder? holder, out Problem? problem)
    {
        holder = null;
        problem = null;
        string path = Path.Combine(directory, FileName);
        try
        {
            Directory.CreateDirectory(directory);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            problem = Unavailable(directory, e.Message);
            return null;
        }

        int fd = Open(path);
        if (fd < 0)
        {
            problem = Unavailable(path, ((Errno)Marshal.GetLastPInvokeError()).Describe());
            return null;
        }

        if (LibC.FLock(fd, LibC.LOCK_EX | LibC.LOCK_NB) != 0)
        {
            Errno error = (Errno)Marshal.GetLastPInvokeError();
            if (error == Errno.EAGAIN)
                holder = ReadHolder(fd);
            else
                problem = Unavailable(path, error.Describe());
            _ = LibC.Close(fd);
            return null;
        }

        Write(fd, $"{Environment.ProcessId}\n{Shorten(Environment.CommandLine)}\n");
        return new HostLease(fd);
    }

    public void Dispose()
    {
        int fd = Interlocked.Exchange(ref _fd, -1);
        if (fd < 0)
            return;

        // The file stays, for a lock on one that is unlinked would exclude nobody; who held it last does not.
        _ = LibC.FTruncate(fd, 0);
        _ = LibC.Close(fd);
    }

    private static Problem Unavailable(string path, string why) => new(
        $"The host's lease could not be taken: {path}: {why}.",
        "Run as a user who may write there, or give another folder that all who measure this host share (LeaseDirectory, --lease-dir).");

    private static unsafe int Open(string path)
    {
        byte[] name = [.. Encoding.UTF8.GetBytes(path), 0];
        fixed (byte* start = name)
            return LibC.Open(start, LibC.O_RDWR | LibC.O_CREAT | LibC.O_CLOEXEC, Mode);
    }

    private static unsafe void Write(int fd, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        _ = LibC.FTruncate(fd, 0);
        fixed (byte* start = bytes)
            _ = LibC.PWrite(fd, start, (nuint)bytes.Length, 0);
    }

    private static unsafe LeaseHolder ReadHolder(int fd)
    {
        byte* buffer = stackalloc byte[4 * MaxCommandLength];
        nint count = LibC.PRead(fd, buffer, 4 * MaxCommandLength, 0);
        string[] lines = Encoding.UTF8.GetString(buffer, Math.Max(0, (int)count)).Split('\n', 3);
        return lines.Length >= 2 && int.TryParse(lines[0], NumberStyles.None, CultureInfo.InvariantCulture, out int pid)
            ? new LeaseHolder(pid, lines[1]) : new LeaseHolder(0, "");
    }

    private static string Shorten(string command)
    {
        string line = command.ReplaceLineEndings(" ");
        return line.Length <= MaxCommandLength ? line : line[..MaxCommandLength] + "...";
    }
}
