using Microsoft.Extensions.Time.Testing;

namespace ColdPages.Tests;

public sealed class ScanProgressTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Many_passes_that_nobody_waits_for_tell_now_and_then_how_far_they_are()
    {
        CliRun run = await CliRun.OfSimulatedAsync(new SecondALook(), Cancellation, "--scans", "40");
        string[] progress = [.. run.Error.Split('\n').Where(line => line.Contains(" of 40 done.", StringComparison.Ordinal))];
        Assert.InRange(progress.Length, 4, 8);
        Assert.DoesNotContain("done", run.Output, StringComparison.Ordinal);

        CliRun quick = await CliRun.OfSimulatedAsync(new FakeTimeProvider(), Cancellation, "--scans", "40");
        Assert.DoesNotContain("done", quick.Error, StringComparison.Ordinal);
    }

    /// <summary>A clock that goes on by a second whenever somebody looks at it.</summary>
    private sealed class SecondALook : TimeProvider
    {
        private long _seconds;

        public override long TimestampFrequency => 1;

        public override long GetTimestamp() => _seconds++;
    }
}
