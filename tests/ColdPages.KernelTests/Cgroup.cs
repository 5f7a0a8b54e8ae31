namespace ColdPages.KernelTests;

/// <summary>A cgroup of one test's own; gone, with all that runs in it, when disposed.</summary>
internal sealed class Cgroup : IDisposable
{
    private const string Mount = "/sys/fs/cgroup";

    /// <summary>Makes it, with the controllers named on for its children ("+memory"), or none.</summary>
    public Cgroup(string path, string controllers = "")
    {
        Path = path;
        Directory.CreateDirectory(Folder);
        if (controllers.Length > 0)
            Write("cgroup.subtree_control", controllers);
    }

    /// <summary>Its path in the hierarchy.</summary>
    public string Path { get; }

    /// <summary>Where it is mounted.</summary>
    public string Folder => Mount + Path;

    public bool HasMemoryController => File.Exists(System.IO.Path.Combine(Folder, "memory.current"));

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

    // Not File.WriteAllText: there is nothing to create or to truncate in a cgroup.
    private void Write(string file, string text)
    {
        using FileStream stream = new(System.IO.Path.Combine(Folder, file), FileMode.Open, FileAccess.Write);
        stream.Write(System.Text.Encoding.ASCII.GetBytes(text));
    }
}
