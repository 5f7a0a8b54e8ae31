namespace ColdPages;

/// <summary>
/// Tells shared memory and tmpfs from files on a real file system, by the device of a mapping. smaps itself does not say.
/// </summary>
internal sealed class MappingKinds(KernelFiles files)
{
    // Device numbers of file systems that are unmounted are given again; forgetting now and then keeps a stale one from staying.
    private const int PassesRemembered = 64;

    // Null: nobody's mountinfo has the device, and so far no name has told.
    private readonly Dictionary<(uint Major, uint Minor), PageKind?> _byDevice = [];
    private int _passes;

    public void BeginPass()
    {
        if (_passes++ % PassesRemembered == 0)
            _byDevice.Clear();
    }

    /// <summary>The kind of a mapping's pages that are not anonymous.</summary>
    public PageKind Of(in SmapsMapping mapping, int pid)
    {
        // tmpfs has no block device, and only block devices have a major number.
        if (mapping.Major != 0)
            return PageKind.File;
        (uint, uint) device = (mapping.Major, mapping.Minor);
        if (!_byDevice.TryGetValue(device, out PageKind? kind))
        {
            LearnFrom(pid);
            if (!_byDevice.TryGetValue(device, out kind))
                _byDevice[device] = null;
        }

        // The kernel mounts one tmpfs for itself, which is in nobody's mountinfo (mm/shmem.c, shm_mnt): it has memfd, System V and
        // shared anonymous memory, under names of its own.
        if (kind is null && (mapping.Name.StartsWith("/dev/zero (deleted)"u8) || mapping.Name.StartsWith("/memfd:"u8)
            || mapping.Name.StartsWith("/SYSV"u8) || mapping.Name.StartsWith("[anon_shmem:"u8)))
        {
            _byDevice[device] = kind = PageKind.Shmem;
        }

        return kind ?? PageKind.File;
    }

    // The mounts of the process itself: a container has a /dev/shm of its own that no other mountinfo shows.
    private void LearnFrom(int pid)
    {
        using FileText text = FileText.Rent();
        KernelPath path = KernelPath.Process(stackalloc byte[64], pid, "mountinfo"u8);
        if (text.Load(files, path.Bytes) != Errno.None)
            return;
        foreach (ReadOnlySpan<byte> line in new TextLines(text.Bytes))
        {
            if (!MountInfo.TryParseDeviceAndFileSystem(line, out uint major, out uint minor, out ReadOnlySpan<byte> fileSystem))
                continue;
            bool isTmpfs = fileSystem.SequenceEqual("tmpfs"u8) || fileSystem.SequenceEqual("devtmpfs"u8);
            _byDevice[(major, minor)] = isTmpfs ? PageKind.Shmem : PageKind.File;
        }
    }
}
