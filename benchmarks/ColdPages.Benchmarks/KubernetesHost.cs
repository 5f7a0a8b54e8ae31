namespace ColdPages.Benchmarks;

/// <summary>A snapshot of a host with 10,000 memcgs, as the kubelet makes them: slice, class, pod, container.</summary>
internal static class KubernetesHost
{
    public const int Memcgs = 10_000;

    private const int ContainersAPod = 2;

    /// <summary>The path of the last container, which is the last memcg in tree order.</summary>
    public static string LastPath(ColdPageSnapshot snapshot) => snapshot.Memcgs[^1].Path;

    public static ColdPageSnapshot MakeSnapshot(int bins)
    {
        Random random = new(1);
        TimeSpan[] edges = new TimeSpan[bins];
        for (int i = 1; i < bins; i++)
            edges[i] = TimeSpan.FromSeconds(120 * i) + TimeSpan.FromTicks(random.Next(1, 10_000_000));
        SnapshotData data = new(edges);
        long[] values = new long[data.ValuesPerHistogram];
        int root = Add("/", -1);
        int kubepods = Add("kubepods.slice", root);
        foreach (string service in (string[])["besteffort", "burstable"])
        {
            int serviceClass = Add($"kubepods-{service}.slice", kubepods);
            while (data.Count < (service == "besteffort" ? Memcgs / 2 : Memcgs))
            {
                // Numbered first, so that siblings come by name as they do in a snapshot of a real host.
                int pod = Add($"kubepods-{service}-pod{data.Count:d8}_{random.Next():x8}_{random.NextInt64():x16}.slice", serviceClass);
                for (int i = 0; i < ContainersAPod && data.Count < Memcgs; i++)
                    Add($"cri-containerd-{i}{random.NextInt64():x16}{random.NextInt64():x16}{random.NextInt64():x16}{random.NextInt64() >> 4:x15}.scope", pod);
            }
        }

        data.Trim();
        return new ColdPageSnapshot(data)
        {
            Source = ColdPageSource.Referenced,
            Attribution = "process",
            Kernel = "6.12.95",
            TakenAt = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero),
            Scans = bins,
            Interval = TimeSpan.FromMinutes(2),
            Warnings = [],
            Confidence = new ScanConfidence(true, 0, []),
            Cost = new ScanCost(
                TimeSpan.FromSeconds(1.5), TimeSpan.FromSeconds(30),
                new SortedDictionary<string, long>(StringComparer.Ordinal) { ["/proc/PID/smaps"] = 40_000_000 },
                new SortedDictionary<string, long>(StringComparer.Ordinal) { ["/proc/PID/clear_refs"] = 20_000 }, 4 << 20),
            Host = new HostMemory { TotalBytes = 512L << 30, AvailableBytes = 128L << 30, PageSize = 4096 },
            Unattributed = new AgeHistogram(edges, new long[data.ValuesPerHistogram]),
            Processes = [],
        };

        // Only containers hold processes, and so pages of their own; most ages of most of them are empty, the youngest and the oldest never.
        int Add(string name, int parent)
        {
            Array.Clear(values);
            bool isContainer = name.EndsWith(".scope", StringComparison.Ordinal);
            for (int bin = 0; isContainer && bin < bins; bin++)
            {
                if (bin != 0 && bin != bins - 1 && random.Next(3) != 0)
                    continue;
                values[(bin * BinLayout.Stride) + (int)PageKind.Anon] = random.Next(1, 50_000) * 4096L;
                values[(bin * BinLayout.Stride) + (int)PageKind.File] = random.Next(1, 20_000) * 4096L;
            }

            long bytes = values.Sum();
            MemcgMemory memory = new()
            {
                CurrentBytes = bytes + 4096,
                LocalBytes = bytes,
                SwapBytes = 0,
                MinBytes = 0,
                LowBytes = 0,
                MaxBytes = isContainer ? 4L << 30 : MemcgMemory.NoLimit,
                SwapMaxBytes = 0,
                AnonBytes = bytes / 2,
                FileBytes = bytes / 2,
                ShmemBytes = 0,
                FileMappedBytes = bytes / 8,
                FileDirtyBytes = 0,
                UnevictableBytes = 0,
            };
            return data.Add(name, parent, 1000 + (ulong)data.Count, memory, values);
        }
    }
}
