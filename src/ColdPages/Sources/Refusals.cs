using System.Globalization;

namespace ColdPages;

/// <summary>Processes that something was not possible with, and one of them as an example.</summary>
internal struct Refusals
{
    private int _pid;
    private Errno _error;

    public int Count { get; private set; }

    public void Add(int pid, Errno error = Errno.None)
    {
        Count++;
        _pid = pid;
        _error = error;
    }

    /// <summary>"2 processes (such as /proc/7/smaps: permission denied (EACCES))".</summary>
    /// <param name="files">The host, for where its files are.</param>
    /// <param name="file">The file, with PID for the process.</param>
    public readonly string Describe(KernelFiles files, string file)
    {
        string path = files.Display(file.Replace("PID", _pid.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal));
        string why = _error == Errno.None ? "" : $": {_error.Describe()}";
        return Count == 1 ? $"1 process ({path}{why})" : $"{Count} processes (such as {path}{why})";
    }
}
