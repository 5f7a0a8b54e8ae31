namespace ColdPages.KernelTests;

/// <summary>What a source told, held against what is right.</summary>
internal static class Truth
{
    private const long MiB = 1L << 20;

    /// <summary>An emulated CPU needs a good part of a second to touch what the workloads touch all the time.</summary>
    public static TimeSpan Interval { get; } = TimeSpan.FromSeconds(3);

    /// <summary>Makes so many passes, each an interval after the one before, and gives what is known after the last.</summary>
    public static async Task<ColdPageSnapshot> ScanAsync(ColdPageTracker tracker, int passes)
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        for (int pass = 0; pass < passes; pass++)
        {
            await tracker.WaitForIntervalAsync(cancellation);
            tracker.Scan(cancellation);
        }

        ColdPageSnapshot snapshot = tracker.TakeSnapshot(cancellation);
        Assert.Null(snapshot.Failure);
        return snapshot;
    }

    /// <summary>The bins, youngest first, each as near as a host that has other things to do allows.</summary>
    public static void AssertBins(AgeHistogram told, params double[] mib)
    {
        Assert.True(
            told.Count == mib.Length && told.Zip(mib).All(pair => IsNear(pair.Second, pair.First.LowerBytes, mib.Sum())),
            $"{Describe(told)} where {string.Join(", ", mib.Select(part => $"{part:0.##}"))} MiB are right; in pages since boot: {Reclaimed()}.");
        TestContext.Current.TestOutputHelper?.WriteLine(Describe(told));
    }

    /// <summary>What is of this kind, all together and in the oldest bin.</summary>
    public static void AssertKind(AgeHistogram told, PageKind kind, int totalMiB, int coldMiB)
    {
        AssertNear(totalMiB, told.Sum(bin => bin.Bytes(kind)), $"{kind} of {Describe(told)}");
        AssertNear(coldMiB, told[^1].Bytes(kind), $"cold {kind} of {Describe(told)}");
    }

    public static void AssertNear(double mib, long bytes, string what) =>
        Assert.True(IsNear(mib, bytes, mib), $"{what}: {bytes / (double)MiB:F2} MiB where {mib:0.##} MiB is right.");

    /// <summary>Bounds that the truth has to lie within.</summary>
    public static void AssertBounds(double mib, ByteBounds told, string what) =>
        Assert.True(
            told.AtLeast <= (mib * MiB) + Allowance(mib) && told.AtMost >= (mib * MiB) - Allowance(mib), $"{what}: {told} where {mib:0.##} MiB are right.");

    /// <summary>What is as old as the whole watch, of a memcg that holds so much: within the bounds that are told.</summary>
    public static void AssertWithin(AgeHistogram told, int mib, int sizeMiB)
    {
        ByteBounds oldest = told.BytesOlderThan(told[^1].From);
        TestContext.Current.TestOutputHelper?.WriteLine($"{oldest.AtLeast / (double)MiB:F2} to {oldest.AtMost / (double)MiB:F2} MiB where {mib} are right; {Describe(told)}");
        Assert.True(
            oldest.AtLeast <= (mib * MiB) + Allowance(sizeMiB) && oldest.AtMost >= (mib * MiB) - Allowance(sizeMiB), $"{oldest} where {mib} MiB are right: {Describe(told)}");
    }

    public static string Describe(AgeHistogram told) =>
        string.Join(", ", told.Select(bin => $"{bin.From.TotalSeconds:F2} s: {bin.LowerBytes / (double)MiB:F2} MiB"));

    // 3 MiB, or 1 % of the memcg's size where that is more.
    private static bool IsNear(double mib, long bytes, double sizeMiB) => Math.Abs(bytes - (mib * MiB)) <= Allowance(sizeMiB);

    private static double Allowance(double sizeMiB) => Math.Max(3 * MiB, sizeMiB * MiB / 100);

    // Memory that is cold goes first where the guest is short of it, and is then missing from what is told.
    private static string Reclaimed() =>
        string.Join(", ", File.ReadLines("/proc/vmstat").Where(line => line.StartsWith("pswpout ", StringComparison.Ordinal) || line.StartsWith("pgsteal_", StringComparison.Ordinal)));
}
