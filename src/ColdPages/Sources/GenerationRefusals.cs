using System.Globalization;

namespace ColdPages;

/// <summary>Why a host's multi-generational LRU can't tell ages, or must not be made to.</summary>
internal static class GenerationRefusals
{
    /// <summary>Why this host's cannot be used; null where it can.</summary>
    public static Problem? Refuse(KernelFiles files)
    {
        LruGenFeatures features = LruGen.Features(files);
        if ((features & LruGenFeatures.Core) == LruGenFeatures.None)
            return SwitchedOff(files);
        return (features & LruGenFeatures.PageTableWalks) != LruGenFeatures.None ? null : new Problem(
            "The multi-generational LRU does not walk page tables here, so that it does not see who was touched.", SwitchOn(files));
    }

    /// <summary>Says that it is switched off, and how to switch it on.</summary>
    public static Problem SwitchedOff(KernelFiles files) => new("The multi-generational LRU is switched off.", SwitchOn(files));

    /// <summary>Why generations must not be made at this interval; null where they may.</summary>
    public static Problem? RefuseInterval(KernelFiles files, TimeSpan interval)
    {
        // The oldest of four generations is three intervals old, and kswapd kills processes rather than reclaim one younger than this.
        TimeSpan timeToLive = LruGen.MinimumTimeToLive(files);
        return timeToLive > TimeSpan.Zero && interval <= timeToLive / 3
            ? new Problem(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{files.Display("/sys/kernel/mm/lru_gen/min_ttl_ms")} is {timeToLive.TotalMilliseconds:0}: with an interval of {interval.TotalSeconds:0.###} s all generations would be younger, and under memory pressure the kernel would kill processes."),
                string.Create(CultureInfo.InvariantCulture, $"Use an interval of more than {timeToLive.TotalSeconds / 3:0.###} s, or a passive tracker, which makes none."))
            : null;
    }

    private static string SwitchOn(KernelFiles files) => $"echo 7 > {files.Display("/sys/kernel/mm/lru_gen/enabled")}";
}
