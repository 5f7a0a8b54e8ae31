using System.Globalization;

namespace ColdPages;

/// <summary>The multi-generational LRU: what of it is on, and whether its generations can be read and made.</summary>
internal static class LruGenProbe
{
    private const string Enabled = "/sys/kernel/mm/lru_gen/enabled";
    private const string MinTtl = "/sys/kernel/mm/lru_gen/min_ttl_ms";
    private const string ConfigRemedy = "Use a kernel with CONFIG_LRU_GEN=y.";

    public static FeatureDiagnosis[] Run(KernelFiles files) =>
    [
        Switch(files, FeatureNames.LruGen, LruGenFeatures.Core, "The multi-generational LRU is switched off.", "y", ""),
        Switch(
            files, FeatureNames.LruGenWalk, LruGenFeatures.PageTableWalks, "Page tables are not walked: a new generation is made, and nobody looks who was touched.", "7",
            "; where it stays off, the CPU does not set accessed bits by itself"),
        Switch(
            files, FeatureNames.LruGenNonLeaf, LruGenFeatures.NonLeafYoung, "Accessed bits of whole page tables are not used, which only makes walks longer.", "7",
            "; where it stays off, the CPU has no such bits"),
        DebugFs(files),
        MinimumTimeToLive(files),
    ];

    private static FeatureDiagnosis Switch(KernelFiles files, string feature, LruGenFeatures flag, string whereOff, string value, string whereItStaysOff)
    {
        using KernelFile file = OpenForReading(files, "/sys/kernel/mm/lru_gen/enabled"u8, out Errno error);
        if (error != Errno.None)
            return FeatureDiagnosis.Refused(files, feature, Enabled, error, ConfigRemedy);
        return LruGen.Features(files).HasFlag(flag)
            ? FeatureDiagnosis.Available(feature)
            : FeatureDiagnosis.Missing(feature, whereOff, $"echo {value} > {files.Display(Enabled)}{whereItStaysOff}");
    }

    // A line that is no command is refused by whoever would carry one out, and nothing is done.
    private static FeatureDiagnosis DebugFs(KernelFiles files)
    {
        const string Feature = FeatureNames.LruGenDebugFs;
        Errno error = KernelFile.Open(files, LruGen.Path, KernelFileAccess.ReadWrite, out KernelFile file);
        using (file)
        {
            if (error != Errno.None)
                return NoDebugFs(files, error);
            byte[] first = new byte[16];
            IoResult read = file.Read(0, first);
            if (!read.Ok)
                return NoDebugFs(files, read.Error);
            if (!first.AsSpan(0, read.Count).StartsWith("memcg "u8))
                return FeatureDiagnosis.Missing(Feature, $"{files.Display(LruGen.Name)} does not begin with a memory cgroup.", null);
            if (!files.HasOwnMemory)
                return FeatureDiagnosis.NotTried(files, Feature);
            IoResult written = file.Write(0, "\n"u8);
            return written.Error is Errno.None or Errno.EINVAL ? FeatureDiagnosis.Available(Feature) : NoDebugFs(files, written.Error);
        }
    }

    private static FeatureDiagnosis NoDebugFs(KernelFiles files, Errno error)
    {
        const string Feature = FeatureNames.LruGenDebugFs;
        if (error == Errno.ENOENT)
        {
            using KernelFile enabled = OpenForReading(files, "/sys/kernel/mm/lru_gen/enabled"u8, out Errno missing);
            bool canMount = files.List("/sys/kernel/debug"u8, new DirectoryListing()) != Errno.ENOENT;
            string remedy = missing == Errno.ENOENT ? ConfigRemedy
                : canMount ? $"mount -t debugfs debugfs {files.Display("/sys/kernel/debug")}"
                : "Use a kernel with CONFIG_DEBUG_FS=y.";
            return FeatureDiagnosis.Refused(files, Feature, LruGen.Name, error, remedy);
        }

        return IsLockedDown(files)
            ? FeatureDiagnosis.Missing(Feature, $"{files.Display(LruGen.Name)}: {error.Describe()}; the kernel is locked down.", "Boot without lockdown=, and without Secure Boot where that brings it.")
            : FeatureDiagnosis.Refused(files, Feature, LruGen.Name, error, null);
    }

    // Both levels of it, integrity and confidentiality, close what debugfs has to write to (LOCKDOWN_DEBUGFS, include/linux/security.h).
    private static bool IsLockedDown(KernelFiles files)
    {
        using FileText text = FileText.Rent();
        return text.Load(files, "/sys/kernel/security/lockdown"u8) == Errno.None
            && (text.Bytes.IndexOf("[integrity]"u8) >= 0 || text.Bytes.IndexOf("[confidentiality]"u8) >= 0);
    }

    private static FeatureDiagnosis MinimumTimeToLive(KernelFiles files)
    {
        using KernelFile file = OpenForReading(files, "/sys/kernel/mm/lru_gen/min_ttl_ms"u8, out Errno error);
        return error == Errno.None
            ? FeatureDiagnosis.Available(
                FeatureNames.LruGenMinTtl, string.Create(CultureInfo.InvariantCulture, $"{LruGen.MinimumTimeToLive(files).TotalMilliseconds:0}"))
            : FeatureDiagnosis.Refused(files, FeatureNames.LruGenMinTtl, MinTtl, error, ConfigRemedy);
    }

    private static KernelFile OpenForReading(KernelFiles files, ReadOnlySpan<byte> path, out Errno error)
    {
        error = KernelFile.Open(files, path, KernelFileAccess.Read, out KernelFile file);
        return file;
    }
}
