using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

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

    // Closes by itself should nobody dispose the lease.
    private readonly SafeFileHandle _file;

    private HostLease(int fd) => _file = new SafeFileHandle(fd, ownsHandle: true);

    /// <summary>Takes the lease; null where it cannot be taken, and then why, and who holds it if somebody does.</summary>
    public static HostLease? TryTake(string directory, out LeaseHolder? holder, out Problem? problem)
    {
        holder = null;
        problem = null;
        string path = Path.Combine(directory, FileName);

        // A lock in a folder that was made for a mistyped path would exclude nobody.
        string? parent = Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory)));
        if (parent is not null && !Directory.Exists(parent))
        {
            problem = new Problem(
                $"The host's lease could not be taken: there is no folder {parent} to make {directory} in.",
                "Make it, or give a folder that all who measure this host share (LeaseDirectory, --lease-dir).");
            return null;
        }

        try
        {
            Directory.CreateDirectory(directory);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            problem = Unavailable(directory, e.Message.TrimEnd('.'));
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
                problem = Held(holder = ReadHolder(fd));
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
        if (_file.IsClosed)
            return;

        // The file stays, for a lock on one that is unlinked would exclude nobody; who held it last does not.
        _ = LibC.FTruncate((int)_file.DangerousGetHandle(), 0);
        _file.Dispose();
    }

    private static Problem Unavailable(string path, string why) => new(
        $"The host's lease could not be taken: {path}: {why}.",
        "Run as a user who may write there, or give another folder that all who measure this host share (LeaseDirectory, --lease-dir).");

    private static Problem Held(LeaseHolder holder)
    {
        string who = holder.Pid == 0 ? "a process that has not said who it is" : $"process {holder.Pid} ({holder.Command})";
        return new Problem(
            $"This host is measured already by {who}: two at a time would spoil each other's evidence.", "Stop that one, or let one tracker serve both.");
    }

    // A link to another file would have that one emptied.
    private static unsafe int Open(string path)
    {
        byte[] name = [.. Encoding.UTF8.GetBytes(path), 0];
        fixed (byte* start = name)
            return LibC.Open(start, LibC.O_RDWR | LibC.O_CREAT | LibC.O_CLOEXEC | LibC.NoFollow, Mode);
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
