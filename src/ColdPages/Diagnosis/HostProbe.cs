using System.Globalization;

namespace ColdPages;

/// <summary>What the whole host has, as its files tell.</summary>
internal static class HostProbe
{
    private const string PressureName = "/proc/pressure/memory";

    /// <summary>Whether anonymous memory has somewhere to go.</summary>
    public static FeatureDiagnosis Swap(KernelFiles files)
    {
        using FileText text = FileText.Rent();
        Errno error = text.Load(files, "/proc/meminfo"u8);
        if (error != Errno.None)
            return FeatureDiagnosis.Refused(files, FeatureNames.Swap, "/proc/meminfo", error, "See that procfs is mounted.");
        MemInfo memory = MemInfo.Parse(text.Bytes);
        if (memory.SwapTotal == 0)
            return FeatureDiagnosis.Missing(FeatureNames.Swap, "There is none: anonymous memory cannot be reclaimed, however cold it is.", "mkswap and swapon a partition, a file, or what 'zramctl --find --size 1G' names.");
        if (memory.SwapFree == 0)
            return FeatureDiagnosis.Missing(FeatureNames.Swap, "All of it is in use: no more anonymous memory can be reclaimed.", "mkswap and swapon another partition, file, or what 'zramctl --find --size 1G' names.");
        return FeatureDiagnosis.Available(
            FeatureNames.Swap,
            string.Create(CultureInfo.InvariantCulture, $"{memory.SwapFree >> 20} of {memory.SwapTotal >> 20} MiB free{(IsOnZram(files) ? ", on zram" : "")}"));
    }

    /// <summary>Whether the kernel tells for how long processes wait for memory.</summary>
    public static FeatureDiagnosis Pressure(KernelFiles files)
    {
        using FileText text = FileText.Rent();
        Errno error = text.Load(files, "/proc/pressure/memory"u8);
        if (error == Errno.None)
        {
            return text.Bytes.StartsWith("some avg10="u8)
                ? FeatureDiagnosis.Available(FeatureNames.Pressure)
                : FeatureDiagnosis.Missing(FeatureNames.Pressure, $"{files.Display(PressureName)} says something else than pressure.", null);
        }

        return error == Errno.ENOTSUP
            ? FeatureDiagnosis.Missing(FeatureNames.Pressure, "It is switched off.", "Boot with psi=1.")
            : FeatureDiagnosis.Refused(files, FeatureNames.Pressure, PressureName, error, "Boot with psi=1, on a kernel with CONFIG_PSI=y.");
    }

    /// <summary>Whether the memory controller is in the unified hierarchy.</summary>
    public static FeatureDiagnosis CgroupV2(KernelFiles files)
    {
        MemcgHierarchy? hierarchy = MemcgHierarchy.Find(files, out Problem? problem);
        if (hierarchy is null)
            return FeatureDiagnosis.Missing(FeatureNames.CgroupV2, problem!.Why, problem.Remedy);
        string mountPoint = files.Display(KernelName.ToText(hierarchy.MountPoint));
        return hierarchy.Version == 2
            ? FeatureDiagnosis.Available(FeatureNames.CgroupV2, mountPoint)
            : FeatureDiagnosis.Missing(
                FeatureNames.CgroupV2, $"The memory controller is in a cgroup v1 hierarchy, {mountPoint}.", "Boot with cgroup_no_v1=memory, or with systemd with systemd.unified_cgroup_hierarchy=1.");
    }

    private static bool IsOnZram(KernelFiles files)
    {
        using FileText text = FileText.Rent();
        if (text.Load(files, "/proc/swaps"u8) != Errno.None)
            return false;
        foreach (ReadOnlySpan<byte> line in new TextLines(text.Bytes))
        {
            if (line.StartsWith("/dev/zram"u8))
                return true;
        }

        return false;
    }
}
