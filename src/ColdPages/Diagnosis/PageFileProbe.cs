namespace ColdPages;

/// <summary>What the files with an entry for each frame say of one of this process.</summary>
internal static class PageFileProbe
{
    // A page can be moved to another frame between two looks; not three times.
    private const int Attempts = 3;

    public static FeatureDiagnosis Flags(KernelFiles files) => Run(
        files, FeatureNames.PageFlags, PageFlagsFile.Name, PageFlagsFile.Path, "Use a kernel with CONFIG_PROC_PAGE_MONITOR=y.",
        static entry => ((PageFlags)entry & PageFlags.Anon) != PageFlags.None
            ? FeatureDiagnosis.Available(FeatureNames.PageFlags)
            : FeatureDiagnosis.Missing(FeatureNames.PageFlags, $"An anonymous page of this process has the flags {entry:x}, and is no anonymous one by them.", null));

    public static FeatureDiagnosis Owners(KernelFiles files) => Run(
        files, FeatureNames.PageOwners, PageOwnersFile.Name, PageOwnersFile.Path, "Use a kernel with CONFIG_PROC_PAGE_MONITOR=y and CONFIG_MEMCG=y.",
        static entry => entry != 0
            ? FeatureDiagnosis.Available(FeatureNames.PageOwners)
            : FeatureDiagnosis.Missing(FeatureNames.PageOwners, "A page of this process is charged to no memory cgroup.", "Boot without cgroup_disable=memory."));

    private static FeatureDiagnosis Run(KernelFiles files, string feature, string name, ReadOnlySpan<byte> path, string whereNotThere, Func<ulong, FeatureDiagnosis> judge)
    {
        Errno error = WordFile.Open(files, path, KernelFileAccess.Read, out WordFile entries);
        if (error != Errno.None)
            return FeatureDiagnosis.Refused(files, feature, name, error, whereNotThere);
        using (entries)
        {
            using OwnFrames? own = OwnFrames.Map(files, feature, 1, 0, out FeatureDiagnosis? refusal);
            if (own is null)
                return refusal!;
            for (int attempt = 0; attempt < Attempts; attempt++)
            {
                long frame = own.Read(1)[0];
                ulong entry = 0;
                IoResult read = entries.Read(frame, new Span<ulong>(ref entry));
                if (!read.Ok)
                    return FeatureDiagnosis.Refused(files, feature, name, read.Error, null);
                if (read.Count == 1 && frame > 0 && own.Read(1)[0] == frame)
                    return judge(entry);
            }

            return FeatureDiagnosis.Unknown(feature, "Not told: the page to try it on did not stay where it was.", "Try again.");
        }
    }
}
