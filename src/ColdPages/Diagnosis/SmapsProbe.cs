namespace ColdPages;

/// <summary>Whether smaps tells what this process has touched since clear_refs was written to.</summary>
internal static class SmapsProbe
{
    public const string Name = "/proc/self/smaps";

    private const string ClearRefsName = "/proc/self/clear_refs";
    private const int Pages = 64;
    private const int Attempts = 3;

    /// <summary>Whether it shows the mapping of memory that this process has touched.</summary>
    public static FeatureDiagnosis Smaps(KernelFiles files)
    {
        using OwnMemory? memory = Map(files, FeatureNames.Smaps, out FeatureDiagnosis? refusal);
        if (memory is null)
            return refusal!;
        Errno error = Read(files, memory, out OwnMapping mapping);
        if (error != Errno.None)
            return FeatureDiagnosis.Refused(files, FeatureNames.Smaps, Name, error, PageMapProbe.Remedy);
        return mapping.Rss == memory.Length
            ? FeatureDiagnosis.Available(FeatureNames.Smaps)
            : FeatureDiagnosis.Missing(FeatureNames.Smaps, $"It shows {mapping.Rss} bytes resident of {memory.Length} that this process has touched.", null);
    }

    /// <summary>Whether what is touched afterwards, and nothing else, is referenced.</summary>
    public static FeatureDiagnosis ClearRefs(KernelFiles files)
    {
        FeatureDiagnosis answer = TryClearRefs(files);
        for (int attempt = 1; attempt < Attempts && !answer.IsAvailable; attempt++)
            answer = TryClearRefs(files);
        return answer;
    }

    /// <summary>What smaps says of memory of this process.</summary>
    public static Errno Read(KernelFiles files, OwnMemory memory, out OwnMapping mapping)
    {
        mapping = new OwnMapping { Start = memory.Address };
        return ColdPages.Smaps.Read(files, "/proc/self/smaps"u8, ref mapping, out _);
    }

    private static FeatureDiagnosis TryClearRefs(KernelFiles files)
    {
        const string Feature = FeatureNames.ClearRefs;
        using OwnMemory? memory = Map(files, Feature, out FeatureDiagnosis? refusal);
        if (memory is null)
            return refusal!;

        // 2 is for anonymous memory: page cache that is mapped has marks that others see.
        Errno error = KernelFile.Open(files, "/proc/self/clear_refs"u8, KernelFileAccess.Write, out KernelFile clearRefs);
        using (clearRefs)
        {
            if (error == Errno.None)
                error = clearRefs.Write(0, "2\n"u8).Error;
        }

        if (error != Errno.None)
            return FeatureDiagnosis.Refused(files, Feature, ClearRefsName, error, PageMapProbe.Remedy);
        error = Read(files, memory, out OwnMapping cleared);
        if (error == Errno.None)
            error = memory.ForgetTranslations();
        for (int page = 0; page < Pages; page += 2)
            memory.Touch(page);
        OwnMapping touched = default;
        if (error == Errno.None)
            error = Read(files, memory, out touched);
        if (error != Errno.None)
            return FeatureDiagnosis.Refused(files, Feature, Name, error, PageMapProbe.Remedy);
        return cleared.Referenced == 0 && touched.Referenced == memory.Length / 2
            ? FeatureDiagnosis.Available(Feature)
            : FeatureDiagnosis.Unknown(
                Feature,
                $"Not told: of {memory.Length} bytes {cleared.Referenced} read referenced when they were cleared, and {touched.Referenced} when half of them had been touched. Somebody else may take accessed bits.",
                "Try again.");
    }

    private static OwnMemory? Map(KernelFiles files, string feature, out FeatureDiagnosis? refusal)
    {
        refusal = null;
        if (!files.HasOwnMemory)
        {
            refusal = FeatureDiagnosis.NotTried(files, feature);
            return null;
        }

        Errno error = files.MapOwnMemory(Pages * (long)files.PageSize, 0, out OwnMemory? memory);
        if (error != Errno.None || memory is null)
        {
            refusal = FeatureDiagnosis.Unknown(feature, $"There was no memory to try it on: {error.Describe()}.", null);
            return null;
        }

        for (int page = 0; page < Pages; page++)
            memory.Touch(page);
        return memory;
    }

    /// <summary>Of the mapping that begins at an address.</summary>
    public struct OwnMapping : ISmapsVisitor
    {
        public ulong Start { get; init; }

        public long Rss { get; private set; }

        public long Referenced { get; private set; }

        public void Visit(in SmapsMapping mapping)
        {
            if (mapping.Start != Start)
                return;
            Rss = mapping.Rss;
            Referenced = mapping.Referenced;
        }
    }
}
