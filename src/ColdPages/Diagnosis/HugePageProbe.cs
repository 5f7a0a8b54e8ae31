using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace ColdPages;

/// <summary>Whether this process can have a huge page, and what the kernel tells of one.</summary>
internal static class HugePageProbe
{
    // With pages of 64 KiB a huge one has 512 MiB: too much to try something on.
    private const long MaxHugePage = 32L << 20;

    private const string Folder = "/sys/kernel/mm/transparent_hugepage";

    /// <summary>Whether memory that is to be of huge pages (MADV_HUGEPAGE) gets one.</summary>
    public static FeatureDiagnosis HugePages(KernelFiles files)
    {
        using OwnMemory? memory = Map(files, FeatureNames.HugePages, out long hugePage, out FeatureDiagnosis? refusal);
        return refusal ?? FeatureDiagnosis.Available(FeatureNames.HugePages, string.Create(CultureInfo.InvariantCulture, $"of {hugePage >> 10} KiB"));
    }

    /// <summary>Whether kpageflags has the idle flag of a huge page on all of its pages; the bitmap has it on the first one alone.</summary>
    public static FeatureDiagnosis TailsIdle(KernelFiles files)
    {
        const string Feature = FeatureNames.TailsIdle;
        Errno error = WordFile.Open(files, IdleBitmap.Path, KernelFileAccess.ReadWrite, out WordFile bitmap);
        using (bitmap)
        {
            if (error != Errno.None)
                return FeatureDiagnosis.Refused(files, Feature, IdleBitmap.Name, error, IdleTrackingProbe.Remedy);
            error = WordFile.Open(files, PageFlagsFile.Path, KernelFileAccess.Read, out WordFile flags);
            using (flags)
            {
                if (error != Errno.None)
                    return FeatureDiagnosis.Refused(files, Feature, PageFlagsFile.Name, error, PageMapProbe.Remedy);
                if (!TryFindSize(files, Feature, out long hugePage, out FeatureDiagnosis? refusal))
                    return refusal;
                using OwnFrames? own = OwnFrames.Map(files, Feature, 1, hugePage, out refusal);
                return own is null ? refusal! : TailsIdle(files, own, bitmap, flags);
            }
        }
    }

    private static FeatureDiagnosis TailsIdle(KernelFiles files, OwnFrames own, WordFile bitmap, WordFile flags)
    {
        const string Feature = FeatureNames.TailsIdle;
        const int Page = 0;
        const int Tail = 1;
        long[] frames = own.Read(2);
        Span<ulong> pages = [0, 0];
        IoResult read = flags.Read(frames[Page], pages);
        if (!read.Ok)
            return FeatureDiagnosis.Refused(files, Feature, PageFlagsFile.Name, read.Error, null);
        if (frames[Tail] != frames[Page] + 1 || !Has(pages[Page], PageFlags.CompoundHead) || !Has(pages[Tail], PageFlags.CompoundTail))
            return NoHugePage(Feature);
        IoResult written = bitmap.Write(frames[Page] / 64, [1UL << (int)(frames[Page] % 64)]);
        if (!written.Ok)
            return FeatureDiagnosis.Refused(files, Feature, IdleBitmap.Name, written.Error, null);
        read = flags.Read(frames[Page], pages);
        if (!read.Ok)
            return FeatureDiagnosis.Refused(files, Feature, PageFlagsFile.Name, read.Error, null);
        if (!Has(pages[Page], PageFlags.Idle))
            return FeatureDiagnosis.Unknown(Feature, "Not told: a huge page of this process was marked idle and did not stay so.", "Try again.");
        return Has(pages[Tail], PageFlags.Idle)
            ? FeatureDiagnosis.Available(Feature)
            : FeatureDiagnosis.Missing(Feature, "Only the first page of a huge page that is idle has the flag.", null);
    }

    private static bool Has(ulong entry, PageFlags flag) => ((PageFlags)entry & flag) != PageFlags.None;

    private static OwnMemory? Map(KernelFiles files, string feature, out long hugePage, out FeatureDiagnosis? refusal)
    {
        if (!TryFindSize(files, feature, out hugePage, out refusal))
            return null;
        if (!files.HasOwnMemory)
        {
            refusal = FeatureDiagnosis.NotTried(files, feature);
            return null;
        }

        Errno error = files.MapOwnMemory(hugePage, hugePage, out OwnMemory? memory);
        if (error != Errno.None || memory is null)
        {
            refusal = FeatureDiagnosis.Unknown(feature, $"There was no memory to try it on: {error.Describe()}.", null);
            return null;
        }

        // One touch brings the whole of it, or a small page.
        memory.Touch(0);
        error = SmapsProbe.Read(files, memory, out SmapsProbe.OwnMapping mapping);
        if (error != Errno.None)
            refusal = FeatureDiagnosis.Refused(files, feature, SmapsProbe.Name, error, PageMapProbe.Remedy);
        else if (mapping.Rss != hugePage)
            refusal = NoHugePage(feature);
        return memory;
    }

    private static FeatureDiagnosis NoHugePage(string feature) => FeatureDiagnosis.Missing(
        feature,
        "This process asked for a huge page and got a small one: no piece of memory that large may be free, or it may have none (PR_SET_THP_DISABLE).",
        "Try again after 'echo 1 > /proc/sys/vm/compact_memory'.");

    private static bool TryFindSize(KernelFiles files, string feature, out long hugePage, [NotNullWhen(false)] out FeatureDiagnosis? refusal)
    {
        refusal = null;
        hugePage = 0;
        using FileText text = FileText.Rent();
        Errno error = text.Load(files, "/sys/kernel/mm/transparent_hugepage/enabled"u8);
        if (error != Errno.None)
        {
            refusal = FeatureDiagnosis.Refused(files, feature, $"{Folder}/enabled", error, "Use a kernel with CONFIG_TRANSPARENT_HUGEPAGE=y.");
            return false;
        }

        if (text.Bytes.IndexOf("[never]"u8) >= 0)
        {
            refusal = FeatureDiagnosis.Missing(feature, "Transparent huge pages are switched off.", $"echo madvise > {files.Display($"{Folder}/enabled")}");
            return false;
        }

        error = text.Load(files, "/sys/kernel/mm/transparent_hugepage/hpage_pmd_size"u8);
        if (error != Errno.None || KeyedNumber.ParseSingle(text.Bytes) is not > 0)
        {
            refusal = FeatureDiagnosis.Missing(feature, $"{files.Display($"{Folder}/hpage_pmd_size")} does not tell their size.", null);
            return false;
        }

        // Since Linux 6.8 each size has a switch of its own.
        hugePage = KeyedNumber.ParseSingle(text.Bytes) ?? 0;
        string ownSwitch = string.Create(CultureInfo.InvariantCulture, $"{Folder}/hugepages-{hugePage >> 10}kB/enabled");
        if (text.Load(files, Encoding.ASCII.GetBytes(ownSwitch)) == Errno.None && text.Bytes.IndexOf("[never]"u8) >= 0)
        {
            refusal = FeatureDiagnosis.Missing(feature, "Transparent huge pages of the largest size are switched off.", $"echo inherit > {files.Display(ownSwitch)}");
            return false;
        }

        if (hugePage <= MaxHugePage && hugePage % files.PageSize == 0)
            return true;
        refusal = FeatureDiagnosis.Unknown(feature, string.Create(CultureInfo.InvariantCulture, $"Not tried: a huge page has {hugePage >> 20} MiB here."), null);
        return false;
    }
}
