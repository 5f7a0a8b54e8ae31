namespace ColdPages;

/// <summary>The cgroup hierarchy that has the memory controller: v2, or v1 (alone or beside a v2 that lacks it, "hybrid").</summary>
/// <param name="Version">1 or 2.</param>
/// <param name="MountPoint">Where it is mounted on the measured host, without a slash at the end.</param>
/// <param name="Root">The part of the hierarchy that is mounted there; "/" but in a container that sees only its own part.</param>
internal sealed record MemcgHierarchy(int Version, byte[] MountPoint, byte[] Root)
{
    /// <summary>Finds it by the mounts; <paramref name="problem"/> says why there is none and what to do.</summary>
    public static MemcgHierarchy? Find(KernelFiles files, out Problem? problem)
    {
        problem = null;
        List<MountInfo> mounts;
        using (FileText text = FileText.Rent())
        {
            Errno error = text.Load(files, files.MountInfoPath);
            if (error != Errno.None)
            {
                string path = files.Display(KernelName.ToText(files.MountInfoPath));
                problem = new Problem(
                    $"{path}: {error.Describe()}; without it there is no telling where the host has its cgroups.",
                    "Give a root that holds a host's /proc and /sys, as in --root /host where the host's root is mounted at /host.");
                return null;
            }

            mounts = MountInfo.Parse(text.Bytes);
        }

        // The memory controller is in one hierarchy at a time: where a v1 mount names it, v2 has it not.
        foreach (MountInfo mount in mounts)
        {
            if (mount.FileSystem == "cgroup" && mount.SuperOptions.Split(',').Contains("memory", StringComparer.Ordinal))
                return new MemcgHierarchy(1, TrimSlash(mount.MountPoint), mount.Root);
        }

        foreach (MountInfo mount in mounts)
        {
            if (mount.FileSystem == "cgroup2" && HasMemoryController(files, mount.MountPoint))
                return new MemcgHierarchy(2, TrimSlash(mount.MountPoint), mount.Root);
        }

        bool anyUnified = mounts.Any(mount => mount.FileSystem == "cgroup2");
        problem = anyUnified
            ? new Problem("The memory controller is in no mounted cgroup hierarchy.", "Boot without cgroup_disable=memory, on a kernel with CONFIG_MEMCG.")
            : new Problem("No cgroup hierarchy is mounted.", "mount -t cgroup2 cgroup2 /sys/fs/cgroup");
        return null;
    }

    /// <summary>Where a v1 controller is mounted, with the same part of its hierarchy; null where that is nowhere.</summary>
    public static byte[]? FindMountOfV1(KernelFiles files, string controller, ReadOnlySpan<byte> root)
    {
        using FileText text = FileText.Rent();
        if (text.Load(files, files.MountInfoPath) != Errno.None)
            return null;
        foreach (MountInfo mount in MountInfo.Parse(text.Bytes))
        {
            if (mount.FileSystem == "cgroup" && mount.SuperOptions.Split(',').Contains(controller, StringComparer.Ordinal) && root.SequenceEqual(mount.Root))
                return TrimSlash(mount.MountPoint);
        }

        return null;
    }

    /// <summary>
    /// Takes the mount's root off a path of /proc/PID/cgroup. False when the process is outside of what is mounted here.
    /// </summary>
    public bool TryMakeRelative(ReadOnlySpan<byte> path, out ReadOnlySpan<byte> relative)
    {
        relative = path;
        if (!Root.AsSpan().SequenceEqual("/"u8))
        {
            // Through another namespace's mounts the root itself climbs out of our own: "/../.." is the top of the host's, and there a
            // process of the host has "/../../its/cgroup".
            if (!path.StartsWith(Root))
                return false;
            relative = path[Root.Length..];
            if (relative.IsEmpty)
                relative = "/"u8;
        }

        // A process outside of our cgroup namespace has a path that climbs out of it first.
        bool climbs = relative.StartsWith("/.."u8) && (relative.Length == 3 || relative[3] == (byte)'/');
        return relative.StartsWith("/"u8) && !climbs;
    }

    private static bool HasMemoryController(KernelFiles files, byte[] mountPoint)
    {
        using FileText text = FileText.Rent();
        KernelPath path = KernelPath.Child(stackalloc byte[KernelPath.MaxLength], mountPoint, "cgroup.controllers"u8);
        if (text.Load(files, path.Bytes) != Errno.None)
            return false;
        ReadOnlySpan<byte> line = text.Bytes.TrimEnd((byte)'\n');
        while (true)
        {
            ReadOnlySpan<byte> controller = TextLines.TakeField(ref line);
            if (controller.IsEmpty)
                return false;
            if (controller.SequenceEqual("memory"u8))
                return true;
        }
    }

    private static byte[] TrimSlash(byte[] path) => path.AsSpan().TrimEnd((byte)'/').ToArray();
}
