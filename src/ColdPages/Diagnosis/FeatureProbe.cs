namespace ColdPages;

/// <summary>Finds out feature by feature what the kernel can do, by doing it: on memory of this process, and with writes that ask for nothing.</summary>
internal static class FeatureProbe
{
    public static IReadOnlyList<FeatureDiagnosis> Run(KernelFiles files)
    {
        if (!files.IsLinux)
            return [.. FeatureNames.All.Select(name => FeatureDiagnosis.Missing(name, "This is not Linux.", "Run on the Linux host that is to be measured."))];
        return
        [
            IdleTrackingProbe.Run(files),
            PageMapProbe.Frames(files),
            PageMapProbe.Scan(files),
            PageFileProbe.Flags(files),
            HugePageProbe.TailsIdle(files),
            PageFileProbe.Owners(files),
            .. LruGenProbe.Run(files),
            SmapsProbe.Smaps(files),
            SmapsProbe.ClearRefs(files),
            HostProbe.Swap(files),
            HostProbe.Pressure(files),
            HostProbe.CgroupV2(files),
            .. ReclaimProbe.Memcg(files),
            ReclaimProbe.Node(files),
            ReclaimProbe.ProcessMAdvise(files),
            HugePageProbe.HugePages(files),
        ];
    }
}
