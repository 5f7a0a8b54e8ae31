namespace ColdPages;

/// <summary>By which ways memory can be reclaimed. Each is asked for no bytes at all: then the kernel reads the request and reclaims nothing (user_proactive_reclaim in mm/vmscan.c).</summary>
internal static class ReclaimProbe
{
    private const string NodesName = "/sys/devices/system/node";

    /// <summary>memory.reclaim of this process's memcg, or of the nearest one above that has it, and what it takes beside a size.</summary>
    public static FeatureDiagnosis[] Memcg(KernelFiles files)
    {
        string[] features = [FeatureNames.Reclaim, FeatureNames.ReclaimSwappiness, FeatureNames.ReclaimSwappinessMax];
        MemcgHierarchy? hierarchy = MemcgHierarchy.Find(files, out Problem? problem);
        if (hierarchy is not { Version: 2 })
        {
            string why = problem?.Why ?? "cgroup v1 has no memory.reclaim.";
            string remedy = problem?.Remedy ?? "Boot with cgroup_no_v1=memory, or with systemd with systemd.unified_cgroup_hierarchy=1.";
            return [.. features.Select(feature => FeatureDiagnosis.Missing(feature, why, remedy))];
        }

        Errno error = OpenNearest(files, hierarchy, out KernelFile file, out string path);
        using (file)
        {
            if (error != Errno.None)
            {
                return
                [
                    .. features.Select(feature => FeatureDiagnosis.Refused(
                        files, feature, path, error, "Use Linux 5.19 or later.", "Run as root, or as the user that the cgroup is delegated to.")),
                ];
            }

            if (!files.HasOwnMemory)
                return [.. features.Select(feature => FeatureDiagnosis.NotTried(files, feature))];
            return
            [
                Try(files, file, path, FeatureNames.Reclaim, "0"u8, "Use Linux 5.19 or later."),
                Try(files, file, path, FeatureNames.ReclaimSwappiness, "0 swappiness=60"u8, "Use Linux 6.11 or later."),
                Try(files, file, path, FeatureNames.ReclaimSwappinessMax, "0 swappiness=max"u8, "Use Linux 6.16 or later."),
            ];
        }
    }

    /// <summary>The file "reclaim" of a memory node.</summary>
    public static FeatureDiagnosis Node(KernelFiles files)
    {
        const string Feature = FeatureNames.NodeReclaim;
        const string Remedy = "Use Linux 6.17 or later, with CONFIG_NUMA=y.";
        DirectoryListing nodes = new();
        Errno error = files.List("/sys/devices/system/node"u8, nodes);
        if (error != Errno.None)
            return FeatureDiagnosis.Refused(files, Feature, NodesName, error, Remedy);
        Span<byte> folder = stackalloc byte[256];
        Span<byte> file = stackalloc byte[256];
        for (int i = 0; i < nodes.Count; i++)
        {
            if (!nodes.IsDirectory(i) || !nodes.Name(i).StartsWith("node"u8))
                continue;
            KernelPath node = KernelPath.Child(folder, "/sys/devices/system/node"u8, nodes.Name(i));
            KernelPath path = KernelPath.Child(file, node.Bytes, "reclaim"u8);
            error = KernelFile.Open(files, path.Bytes, KernelFileAccess.Write, out KernelFile reclaim);
            using (reclaim)
            {
                if (error != Errno.None)
                    return FeatureDiagnosis.Refused(files, Feature, KernelName.ToText(path.Bytes), error, Remedy);
                return files.HasOwnMemory
                    ? Try(files, reclaim, KernelName.ToText(path.Bytes), Feature, "0"u8, null)
                    : FeatureDiagnosis.NotTried(files, Feature);
            }
        }

        return FeatureDiagnosis.Missing(Feature, $"There is no node in {files.Display(NodesName)}.", Remedy);
    }

    /// <summary>process_madvise(MADV_PAGEOUT), and the rights to use it on others.</summary>
    public static FeatureDiagnosis ProcessMAdvise(KernelFiles files)
    {
        const string Feature = FeatureNames.ProcessMAdvise;
        if (!files.HasOwnMemory)
            return FeatureDiagnosis.NotTried(files, Feature);
        Errno error = files.PageOutNothing();
        if (error is Errno.ENOSYS or Errno.EINVAL)
        {
            return FeatureDiagnosis.Missing(
                Feature, $"process_madvise(MADV_PAGEOUT): {error.Describe()}.", "Use Linux 5.10 or later with CONFIG_ADVISE_SYSCALLS=y; in a container, a seccomp profile that allows it.");
        }

        if (error != Errno.None && !error.IsDenied())
            return FeatureDiagnosis.Missing(Feature, $"process_madvise(MADV_PAGEOUT): {error.Describe()}.", null);
        return error == Errno.None && Capabilities.Has(files, Capabilities.SysPtrace | Capabilities.SysNice)
            ? FeatureDiagnosis.Available(Feature)
            : FeatureDiagnosis.Missing(
                Feature,
                error == Errno.None ? "The rights to use it on other processes are missing." : $"process_madvise(MADV_PAGEOUT): {error.Describe()}.",
                "Run as root, or with CAP_SYS_PTRACE and CAP_SYS_NICE; in a container, a seccomp profile that allows it.");
    }

    private static FeatureDiagnosis Try(KernelFiles files, KernelFile file, string path, string feature, ReadOnlySpan<byte> request, string? whereUnknown)
    {
        IoResult written = file.Write(0, request);
        if (written.Error == Errno.EINVAL)
            return FeatureDiagnosis.Missing(feature, $"{files.Display(path)} refuses '{KernelName.ToText(request)}': {written.Error.Describe()}.", whereUnknown);
        if (!written.Ok)
            return FeatureDiagnosis.Refused(files, feature, path, written.Error, null);

        // Without CONFIG_NUMA some kernels have a stub there that says yes to everything.
        return file.Write(0, "0 no-such-key"u8).Ok
            ? FeatureDiagnosis.Missing(feature, $"{files.Display(path)} takes anything and does nothing.", "Use a kernel with CONFIG_NUMA=y, or Linux 6.19 or later.")
            : FeatureDiagnosis.Available(feature);
    }

    private static Errno OpenNearest(KernelFiles files, MemcgHierarchy hierarchy, out KernelFile file, out string path)
    {
        ReadOnlySpan<byte> memcg = OwnPath(files, hierarchy);
        Span<byte> folder = stackalloc byte[KernelPath.MaxLength];
        Span<byte> name = stackalloc byte[KernelPath.MaxLength];
        while (true)
        {
            ReadOnlySpan<byte> own = memcg.IsEmpty ? hierarchy.MountPoint : KernelPath.Child(folder, hierarchy.MountPoint, memcg).Bytes;
            KernelPath reclaim = KernelPath.Child(name, own, "memory.reclaim"u8);
            path = KernelName.ToText(reclaim.Bytes);
            Errno error = KernelFile.Open(files, reclaim.Bytes, KernelFileAccess.Write, out file);

            // A memcg has it only where the controller is handed down to it.
            if (error != Errno.ENOENT || memcg.IsEmpty)
                return error;
            memcg = memcg[..Math.Max(0, memcg.LastIndexOf((byte)'/'))];
        }
    }

    // From the hierarchy's root, without a slash before it; empty for the root, and where it is not told.
    private static byte[] OwnPath(KernelFiles files, MemcgHierarchy hierarchy)
    {
        using FileText text = FileText.Rent();
        return text.Load(files, "/proc/self/cgroup"u8) == Errno.None
            && ProcessCgroup.TryFindPath(text.Bytes, 2, out ReadOnlySpan<byte> path) && hierarchy.TryMakeRelative(path, out ReadOnlySpan<byte> relative)
            ? relative.TrimStart((byte)'/').ToArray()
            : [];
    }
}
