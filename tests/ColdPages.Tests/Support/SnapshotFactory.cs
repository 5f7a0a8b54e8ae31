namespace ColdPages.Tests;

/// <summary>Snapshots made of chosen or random numbers.</summary>
internal static class SnapshotFactory
{
    public static ColdPageSnapshot Random(int seed)
    {
        Random random = new(seed);
        TimeSpan[] edges = new TimeSpan[random.Next(1, 7)];

        // A clock that stands still makes bins that begin at the same time.
        for (int i = 1; i < edges.Length; i++)
            edges[i] = edges[i - 1] + (i % 2 == 1 && random.Next(6) == 0 ? TimeSpan.Zero : TimeSpan.FromTicks(20_000_000L + random.Next(1, 1000)));
        int[]? nodes = random.Next(3) switch { 0 => null, 1 => [], _ => [.. Enumerable.Range(0, 5).Where(_ => random.Next(2) == 0)] };
        bool hasIdle = random.Next(2) == 0;
        SnapshotData data = new(edges, nodes);
        string[] names = ["a", "b c", "x\u001b[31m", "\\xff", "kube\"pods", "日本", "."];
        List<(int Index, int Children)> open = [];
        if (random.Next(5) > 0)
        {
            open.Add((data.Add("/", -1, 1, Memory(random), Values(random, edges), Promotions(random, edges)), 0));
            AddDetail();
            int count = random.Next(0, 12);
            for (int i = 0; i < count; i++)
            {
                while (open.Count > 1 && random.Next(2) == 0)
                    open.RemoveAt(open.Count - 1);
                (int parent, int children) = open[^1];
                open[^1] = (parent, children + 1);
                string name = $"{names[random.Next(names.Length)]}{children}";
                open.Add((data.Add(name, parent, (ulong)random.NextInt64(2, long.MaxValue), Memory(random), Values(random, edges), Promotions(random, edges)), 0));
                AddDetail();
            }
        }

        data.Trim();
        return Make(data, random);

        void AddDetail()
        {
            if (nodes is not null)
                data.AddDetail(new MemcgDetail(nodes, Detail(random, nodes.Length)), hasIdle ? IdleDetail(random, edges, nodes.Length) : default);
        }
    }

    /// <summary>One of several memcgs and processes; the same each time.</summary>
    public static ColdPageSnapshot WithMemcgs() =>
        Enumerable.Range(0, 1000).Select(Random).First(snapshot => snapshot.Memcgs.Count > 3 && snapshot.Processes.Count > 0);

    public static ColdPageSnapshot Make(SnapshotData data, Random random) => new(data)
    {
        Source = ColdPageSource.Referenced,
        Attribution = "process",
        Kernel = "6.12.95",
        TakenAt = new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero).AddTicks(random.Next()),
        Scans = random.Next(1, 100),
        Interval = TimeSpan.FromTicks(random.Next(1, int.MaxValue)),
        Skipped = random.Next(2),
        Warnings = random.Next(2) == 0 ? [] : ["one", "two \"quoted\""],
        Confidence = new ScanConfidence(random.Next(2) == 0, random.Next(), random.Next(2) == 0 ? [] : ["a doubt"])
        {
            ScanTime = TimeSpan.FromTicks(random.Next()),
            AdoptedBytes = random.Next(2) == 0 ? null : random.Next(),
            AskedAgainBytes = random.Next(2) == 0 ? null : random.Next(),
            UnseenBytes = random.Next(2) == 0 ? null : random.Next(),
            MissedBytes = random.Next(2) == 0 ? null : random.Next(),
        },
        Failure = random.Next(4) == 0 ? "why" : null,
        Cost = new ScanCost(
            TimeSpan.FromTicks(random.Next()), TimeSpan.FromTicks(random.Next()),
            new SortedDictionary<string, long>(StringComparer.Ordinal) { ["/proc/PID/smaps"] = random.Next(), ["/proc/kpageflags"] = 0 },
            new SortedDictionary<string, long>(StringComparer.Ordinal), random.Next()),
        Host = new HostMemory { TotalBytes = random.NextInt64(1L << 40), AvailableBytes = random.Next(), SwapTotalBytes = random.Next(), SwapFreeBytes = random.Next(), PageSize = 4096 },
        Unattributed = new AgeHistogram(data.Edges, Values(random, data.Edges)),
        Processes = random.Next(2) == 0 ? [] : [new ProcessAges(random.Next(1, 1000), "na\u001bme", new AgeHistogram(data.Edges, Values(random, data.Edges)))],
    };

    private static long[] Values(Random random, TimeSpan[] edges) =>
        [.. Enumerable.Range(0, edges.Length * BinLayout.Stride).Select(place => place == BinLayout.Excess || random.Next(3) == 0 ? 0 : random.NextInt64(1L << 40))];

    private static long[] Promotions(Random random, TimeSpan[] edges)
    {
        long[] values = new long[edges.Length * 2];
        for (int bin = 0; bin < edges.Length && random.Next(4) > 0; bin++)
        {
            values[bin * 2] = random.Next(2) * random.NextInt64(1L << 40);
            values[(bin * 2) + 1] = values[bin * 2] + (random.Next(2) * random.NextInt64(1L << 40));
        }

        return values;
    }

    private static MemcgMemory Memory(Random random) => new()
    {
        CurrentBytes = Maybe(random),
        LocalBytes = Maybe(random),
        SwapBytes = Maybe(random),
        MinBytes = Limit(random),
        LowBytes = Limit(random),
        HighBytes = Limit(random),
        MaxBytes = Limit(random),
        SwapMaxBytes = Limit(random),
        AnonBytes = Maybe(random),
        FileBytes = Maybe(random),
        ShmemBytes = Maybe(random),
        FileMappedBytes = Maybe(random),
        FileDirtyBytes = Maybe(random),
        UnevictableBytes = Maybe(random),
    };

    // Some are beyond any memory.
    private static long? Limit(Random random) => random.Next(4) == 0 ? random.NextInt64(long.MaxValue) : Maybe(random);

    private static long[] Detail(Random random, int nodes) =>
        [.. Enumerable.Range(0, MemcgDetail.ValuesOf(nodes)).Select(_ => random.Next(3) switch { 0 => MemcgDetail.Unknown, 1 => 0, _ => random.NextInt64(1L << 40) })];

    // Of the youngest bin nothing is told.
    private static long[] IdleDetail(Random random, TimeSpan[] edges, int nodes)
    {
        int stride = IdleDetailLayout.Stride(nodes);
        return [.. Enumerable.Range(0, edges.Length * stride).Select(place => place < stride || random.Next(3) == 0 ? 0 : random.NextInt64(1L << 40))];
    }

    private static long? Maybe(Random random) => random.Next(4) switch { 0 => null, 1 => MemcgMemory.NoLimit, _ => random.NextInt64(1L << 45) };
}
