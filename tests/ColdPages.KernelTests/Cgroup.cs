using System.Globalization;

namespace ColdPages.KernelTests;

/// <summary>A cgroup of one test's own; gone, with all that runs in it, when disposed.</summary>
internal sealed class Cgroup : IDisposable
{
    private const string Mount = "/sys/fs/cgroup";

    private readonly Lazy<ulong> _inode;

    /// <summary>Makes it, with the controllers named on for its children ("+memory"), or none.</summary>
    public Cgroup(string path, string controllers = "")
    {
        Path = path;
        _inode = new(() => ulong.Parse(Command.Output("stat", "--format=%i", Folder), CultureInfo.InvariantCulture));
        Directory.CreateDirectory(Folder);
        if (controllers.Length > 0)
            Write("cgroup.subtree_control", controllers);
    }

    /// <summary>Its path in the hierarchy.</summary>
    public string Path { get; }

    /// <summary>Where it is mounted.</summary>
    public string Folder => Mount + Path;

    /// <summary>Of its folder: the number by which /proc/kpagecgroup knows it.</summary>
    public ulong Inode => _inode.Value;

    public bool HasMemoryController => File.Exists(System.IO.Path.Combine(Folder, "memory.current"));

    /// <summary>Moves all processes of another one here; their memory stays charged where it is.</summary>
    public void TakeProcesses(Cgroup from)
    {
        foreach (string pid in File.ReadAllLines(System.IO.Path.Combine(from.Folder, "cgroup.procs")))
            Write("cgroup.procs", pid);
    }

    /// <summary>Has the kernel reclaim so much of it, or as much of that as it can.</summary>
    public void Reclaim(int mib)
    {
        const int NotAll = 11; // EAGAIN
        try
        {
            Write("memory.reclaim", $"{mib}M");
        }
        catch (IOException e) when (e.HResult == NotAll)
        {
        }
    }

    public void Dispose()
    {
        Write("cgroup.kill", "1");

        // A process that was killed is in its cgroup until it is quite gone.
        for (int attempt = 0; Directory.Exists(Folder); attempt++)
        {
            try
            {
                Directory.Delete(Folder);
            }
            catch (IOException) when (attempt < 1000)
            {
                Thread.Sleep(10);
            }
        }
    }

    private void Write(string file, string text) => KernelText.Write(System.IO.Path.Combine(Folder, file), text);
}
