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
    public static void AssertBins(AgeHistogram told, params int[] mib)
    {
        Assert.True(
            told.Count == mib.Length && told.Zip(mib).All(pair => IsNear(pair.Second, pair.First.LowerBytes, mib.Sum())),
            $"{Describe(told)} where {string.Join(", ", mib)} MiB are right.");
        TestContext.Current.TestOutputHelper?.WriteLine(Describe(told));
    }

    /// <summary>What is of this kind, all together and in the oldest bin.</summary>
    public static void AssertKind(AgeHistogram told, PageKind kind, int totalMiB, int coldMiB)
    {
        AssertNear(totalMiB, told.Sum(bin => bin.Bytes(kind)), $"{kind} of {Describe(told)}");
        AssertNear(coldMiB, told[^1].Bytes(kind), $"cold {kind} of {Describe(told)}");
    }

    public static void AssertNear(long mib, long bytes, string what) =>
        Assert.True(IsNear(mib, bytes, mib), $"{what}: {bytes / (double)MiB:F2} MiB where {mib} MiB is right.");

    // 3 MiB, or 1 % of the memcg's size where that is more.
    private static bool IsNear(long mib, long bytes, long sizeMiB) => Math.Abs(bytes - (mib * MiB)) <= Math.Max(3 * MiB, sizeMiB * MiB / 100);

    private static string Describe(AgeHistogram told) =>
        string.Join(", ", told.Select(bin => $"{bin.From.TotalSeconds:F2} s: {bin.LowerBytes / (double)MiB:F2} MiB"));
}
