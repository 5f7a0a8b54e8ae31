namespace ColdPages;

/// <summary>Marks pages of this process idle, touches half of them, and sees whether the idle bitmap knows which.</summary>
internal static class IdleTrackingProbe
{
    public const string Remedy = "Use a kernel with CONFIG_IDLE_PAGE_TRACKING=y.";

    // Some come to nothing by chance: others that look at accessed bits look at a few pages at a time.
    private const int Attempts = 3;

    // More than wait before they come onto an LRU list, where alone a page can be marked: up to 31 on each CPU that this thread has run on meanwhile.
    private const int Pages = 256;

    public static FeatureDiagnosis Run(KernelFiles files)
    {
        Errno error = WordFile.Open(files, IdleBitmap.Path, KernelFileAccess.ReadWrite, out WordFile bitmap);
        if (error != Errno.None)
            return FeatureDiagnosis.Refused(files, FeatureNames.IdlePageTracking, IdleBitmap.Name, error, Remedy);
        using (bitmap)
        {
            FeatureDiagnosis answer = Try(files, bitmap);
            for (int attempt = 1; attempt < Attempts && !answer.IsAvailable; attempt++)
                answer = Try(files, bitmap);
            return answer;
        }
    }

    private static FeatureDiagnosis Try(KernelFiles files, WordFile bitmap)
    {
        const string Feature = FeatureNames.IdlePageTracking;
        using OwnFrames? own = OwnFrames.Map(files, Feature, Pages, 0, out FeatureDiagnosis? refusal);
        if (own is null)
            return refusal!;
        long[] frames = own.Read(Pages);
        HashSet<long> marked = [];
        Errno error = Mark(bitmap, frames);
        if (error == Errno.None)
            error = ReadIdle(bitmap, frames, marked);
        if (error != Errno.None)
            return FeatureDiagnosis.Refused(files, Feature, IdleBitmap.Name, error, null);
        if (marked.Count == 0)
            return NoneMarked(files, frames);

        error = own.Memory.ForgetTranslations();
        if (error != Errno.None)
            return FeatureDiagnosis.Unknown(Feature, $"Not told: the CPUs could not be made to forget where the pages are: {error.Describe()}.", null);
        for (int page = 0; page < Pages; page += 2)
            own.Memory.Touch(page);
        HashSet<long> idle = [];
        error = ReadIdle(bitmap, frames, idle);
        if (error != Errno.None)
            return FeatureDiagnosis.Refused(files, Feature, IdleBitmap.Name, error, null);
        return Judge(frames, own.Read(Pages), marked, idle);
    }

    // Of the pages that could be marked and are where they were.
    private static FeatureDiagnosis Judge(long[] frames, long[] after, HashSet<long> marked, HashSet<long> idle)
    {
        int touched = 0;
        int left = 0;
        int touchedIdle = 0;
        int leftIdle = 0;
        for (int page = 0; page < Pages; page++)
        {
            if (after[page] != frames[page] || !marked.Contains(frames[page]))
                continue;
            bool isIdle = idle.Contains(frames[page]);
            touched += page % 2 == 0 ? 1 : 0;
            left += page % 2 == 0 ? 0 : 1;
            touchedIdle += page % 2 == 0 && isIdle ? 1 : 0;
            leftIdle += page % 2 != 0 && isIdle ? 1 : 0;
        }

        if (touched == 0 || left == 0)
            return FeatureDiagnosis.Unknown(FeatureNames.IdlePageTracking, "Not told: the pages to try it on did not stay where they were.", "Try again.");
        return touchedIdle == 0 && leftIdle == left
            ? FeatureDiagnosis.Available(FeatureNames.IdlePageTracking)
            : FeatureDiagnosis.Unknown(
                FeatureNames.IdlePageTracking,
                $"Not told: of {touched} pages that were touched {touchedIdle} read idle, and of {left} that were not {leftIdle}. Somebody else may take accessed bits, or use the bitmap.",
                "Try again when DAMON and other programs that read the bitmap are off, and the multi-generational LRU.");
    }

    // Whether none of them was on an LRU list, or the bitmap does not work.
    private static FeatureDiagnosis NoneMarked(KernelFiles files, long[] frames)
    {
        int listed = 0;
        if (WordFile.Open(files, PageFlagsFile.Path, KernelFileAccess.Read, out WordFile flags) == Errno.None)
        {
            using (flags)
            {
                foreach (long frame in frames)
                {
                    ulong entry = 0;
                    if (frame > 0 && flags.Read(frame, new Span<ulong>(ref entry)) is { Count: 1 } && ((PageFlags)entry & PageFlags.Lru) != PageFlags.None)
                        listed++;
                }
            }
        }

        return listed > 0
            ? FeatureDiagnosis.Missing(FeatureNames.IdlePageTracking, $"{listed} pages of this process that are on LRU lists were marked idle, and none of them reads so.", null)
            : FeatureDiagnosis.Unknown(FeatureNames.IdlePageTracking, "Not told: no page of this process was seen on an LRU list, where alone it could be marked.", "Try again.");
    }

    private static Errno Mark(WordFile bitmap, long[] frames)
    {
        foreach (IGrouping<long, long> word in frames.Where(frame => frame > 0).GroupBy(frame => frame / 64))
        {
            // Of the last word, where it is not whole, the kernel says that nothing was written.
            IoResult written = bitmap.Write(word.Key, [word.Aggregate(0UL, (bits, frame) => bits | (1UL << (int)(frame % 64)))]);
            if (!written.Ok)
                return written.Error;
        }

        return Errno.None;
    }

    private static Errno ReadIdle(WordFile bitmap, long[] frames, HashSet<long> idle)
    {
        foreach (IGrouping<long, long> word in frames.Where(frame => frame > 0).GroupBy(frame => frame / 64))
        {
            ulong bits = 0;
            IoResult read = bitmap.Read(word.Key, new Span<ulong>(ref bits));
            if (!read.Ok)
                return read.Error;
            idle.UnionWith(word.Where(frame => (bits >> (int)(frame % 64) & 1) == 1));
        }

        return Errno.None;
    }
}
