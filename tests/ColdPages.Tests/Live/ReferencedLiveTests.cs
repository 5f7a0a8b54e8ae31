using System.Globalization;

namespace ColdPages.Tests;

/// <summary>
/// The referenced source on this machine's own kernel, against a program that knows what it touches. COLDPAGES_LIVE_RUNS says how often
/// each runs; once unless said otherwise.
/// </summary>
public sealed class ReferencedLiveTests
{
    private const long MiB = 1L << 20;
    private const int Total = 300;
    private const int Hot = 100;
    private const long Tolerance = 3 * MiB;

    public static TheoryData<string, PageKind> Kinds => new()
    {
        { "anon", PageKind.Anon },
        { "thp", PageKind.Anon },
        { "shmem", PageKind.Shmem },
        { "file", PageKind.File },
    };

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task A_program_that_holds_300_MiB_and_touches_100_is_seen_so(string kind, PageKind pages)
    {
        Assert.SkipWhen(HoldWorkload.Obstacle is not null, $"cannot run here: {HoldWorkload.Obstacle}");
        int runs = int.Parse(Environment.GetEnvironmentVariable("COLDPAGES_LIVE_RUNS") ?? "1", CultureInfo.InvariantCulture);
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        for (int run = 1; run <= runs; run++)
        {
            using HoldWorkload workload = await HoldWorkload.StartAsync(kind, Total, Hot, cancellation);
            if (kind == "thp")
                AssertNear(Total, HugeBytes(workload.Pid), "huge pages", run);
            using ColdPageTracker tracker = await OpenAsync(new ColdPageTrackerOptions
            {
                Source = ColdPageSource.Referenced,
                Interval = TimeSpan.FromMilliseconds(500),
                Memcg = workload.Memcg,
                Processes = [workload.Pid],
                ReferencedWindow = 10,
            }, cancellation);
            for (int scan = 0; scan < 3; scan++)
            {
                await tracker.WaitForIntervalAsync(cancellation);
                await workload.TouchAsync(0, Hot, cancellation);
                tracker.Scan(cancellation);
            }

            ColdPageSnapshot snapshot = tracker.TakeSnapshot();
            AgeHistogram memcg = snapshot[workload.Memcg].Idle();
            TestContext.Current.SendDiagnosticMessage($"{kind} run {run}: {string.Join(", ", memcg.Select(bin => $"{bin.From.TotalSeconds:F2}s {bin.Bytes(pages) / (double)MiB:F2} MiB"))}");
            AssertNear(Total - Hot, memcg.BytesOlderThan(tracker.Interval * 2, pages).AtLeast, kind, run);
            AssertNear(Total - Hot, memcg.BytesOlderThan(tracker.Interval * 2).AtLeast, kind, run);
            AssertNear(Hot, memcg[0].Bytes(pages), kind, run);
            AssertNear(Total, memcg.TotalBytes, kind, run);
            AssertNear(Total - Hot, Assert.Single(snapshot.Processes).Idle.BytesOlderThan(tracker.Interval * 2, pages).AtLeast, kind, run);
            Assert.InRange(memcg[2].From, tracker.Interval * 2, TimeSpan.MaxValue);
        }
    }

    // With the host's own lease: whoever else measures here would clear the workload's bits. Another run of these tests gives it back in a
    // moment; one who keeps it is named.
    private static async Task<ColdPageTracker> OpenAsync(ColdPageTrackerOptions options, CancellationToken cancellationToken)
    {
        for (int attempt = 1; ; attempt++)
        {
            if (ColdPageTracker.TryOpen(options, out ColdPageTracker? tracker, out HostDiagnosis diagnosis))
                return tracker;
            Assert.True(diagnosis.LeaseHolder is not null && attempt < 100, diagnosis.ToString());
            await Task.Delay(TimeSpan.FromMilliseconds(300), cancellationToken);
        }
    }

    private static long HugeBytes(int pid)
    {
        using FileText text = FileText.Rent();
        Assert.Equal(Errno.None, text.Load(HostRoots.Local.Files, System.Text.Encoding.ASCII.GetBytes($"/proc/{pid}/smaps_rollup")));
        foreach (ReadOnlySpan<byte> line in new TextLines(text.Bytes))
        {
            if (KeyedNumber.TryParse(line, out ReadOnlySpan<byte> key, out long bytes) && key.SequenceEqual("AnonHugePages"u8))
                return bytes;
        }

        return 0;
    }

    private static void AssertNear(long expectedMiB, long bytes, string kind, int run) =>
        Assert.True(Math.Abs(bytes - (expectedMiB * MiB)) <= Tolerance, $"{kind}, run {run}: {bytes / (double)MiB:F2} MiB where {expectedMiB} MiB is right.");
}
