namespace ColdPages;

/// <summary>Where the files of the measured host are found: here, or under a folder where another host's root is mounted.</summary>
public sealed class HostRoots
{
    private HostRoots(KernelFiles files, string description)
    {
        Files = files;
        Description = description;
    }

    /// <summary>This host: /proc, /sys and the cgroup mounts that this process sees.</summary>
    public static HostRoots Local { get; } = new(new LinuxFiles(""), "/");

    internal KernelFiles Files { get; }

    internal string Description { get; }

    /// <summary>
    /// A host whose root is mounted at <paramref name="root"/>, as in a container that mounts the host's root at /host: its files are
    /// read at root/proc and root/sys, its mounts from root/proc/1/mountinfo. A folder with copies of such files works too.
    /// </summary>
    /// <param name="root">The folder; it need not exist yet, but a tracker cannot be opened until it holds a host.</param>
    public static HostRoots Mounted(string root)
    {
        ArgumentException.ThrowIfNullOrEmpty(root);
        return new HostRoots(new LinuxFiles(root), root);
    }

    /// <summary>A host that is not made of files of this machine.</summary>
    internal static HostRoots Of(KernelFiles files, string description) => new(files, description);

    /// <inheritdoc/>
    public override string ToString() => Description;
}
