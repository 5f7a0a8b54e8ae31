using Microsoft.Extensions.Time.Testing;

namespace ColdPages.Tests;

/// <summary>Which age the table calls cold, how surely, and what it says where it cannot.</summary>
public sealed class ReportAgesTests
{
    private const long MiB = 1L << 20;

    private static readonly string[] s_quick = ["--source", "referenced", "--interval", "10ms", "--scans", "2"];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Of_a_watch_longer_than_ages_are_told_the_oldest_age_is_cold()
    {
        string[] lines = (await SimulatedAsync("--scans", "300")).Output.Split('\n');
        Assert.Matches("IDLE ≥6m21s +COLD ≥8m29s +COLD SHARE", lines[0]);
        Assert.Matches("^96.2 MiB of 172.7 MiB tracked has been idle for 8m29s or longer.$", lines[^3]);
    }

    [Fact]
    public async Task An_age_longer_than_ages_are_told_is_said_to_want_a_longer_interval()
    {
        CliRun run = await SimulatedAsync("--scans", "300", "--older-than", "9m");
        Assert.DoesNotContain("COLD", run.Output, StringComparison.Ordinal);
        Assert.Contains("Ages are told up to 254 passes only, which is 8m29s here: what is idle for 9m is not known. Take a longer --interval", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("--scans", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_age_between_two_edges_is_told_by_bounds()
    {
        CliRun run = await SimulatedAsync("--older-than", "1s");
        Assert.Matches("COLD ≥1s +IDLE ≥2s +IDLE ≥4s +COLD SHARE", run.Output);
        Assert.Matches(@"(?m)^/ +- +172\.7 MiB +116\.1 to 172\.7 MiB +116\.1 MiB +112\.8 MiB +███████░░░ +67%", run.Output);
        Assert.Matches(@"(?m)^    journal\.service +9\.9 MiB +9\.9 MiB +9\.9 MiB", run.Output);
        Assert.Contains("\n116.1 to 172.7 MiB of 172.7 MiB tracked have been idle for 1s or longer.\n", run.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("2s", "116.1 MiB")]
    [InlineData("4s", "112.8 MiB")]
    public async Task An_age_of_whole_intervals_is_that_of_as_many_passes(string age, string cold)
    {
        CliRun run = await SimulatedAsync("--older-than", age);
        Assert.Contains($"COLD ≥{age} ", run.Output, StringComparison.Ordinal);
        Assert.Contains($"\n{cold} of 172.7 MiB tracked has been idle for {age} or longer.\n", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Long_ages_are_shown_in_minutes_and_hours()
    {
        CliRun run = await SimulatedAsync("--interval", "10m", "--scans", "10");
        Assert.Contains("COLD ≥1h30m ", run.Output, StringComparison.Ordinal);
        Assert.Contains("has been idle for 1h30m or longer.", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Numbers_in_doubt_are_not_shown_as_certain_and_the_main_doubt_comes_first()
    {
        FakeHost host = HostWithOneProcess();
        host.Write("/sys/kernel/mm/lru_gen/enabled", "0x0007\n");

        // Reclaim runs whenever somebody has cleared the bits.
        int scanned = 0;
        host.OnOpen = (path, _) =>
        {
            if (path == "/proc/1/clear_refs")
                host.Write("/proc/vmstat", $"pgscan_anon {++scanned}\n");
            return Errno.None;
        };
        CliRun run = await CliRun.OfAsync(host, Cancellation, s_quick);
        Assert.Equal(0, run.ExitCode);
        Assert.Contains("tracked may have been idle for ", run.Output, StringComparison.Ordinal);
        Assert.EndsWith(
            "\nThese numbers are not to be acted upon: Reclaim ran since the accessed bits were cleared, and the multi-generational LRU clears them too, whole page tables at a time: any page may look idle although it was touched; see the notes.\n",
            run.Output, StringComparison.Ordinal);
        Assert.StartsWith("coldpages: note: Reclaim ran ", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Numbers_that_may_be_acted_upon_are_not_put_in_doubt_by_a_doubt_that_weighs_nothing()
    {
        FakeHost host = HostWithOneProcess();
        host.AddProcess(2, "/", new FakeMapping { Rss = MiB });
        host.OnOpen = (path, _) => path == "/proc/2/smaps" ? Errno.EACCES : Errno.None;
        CliRun run = await CliRun.OfAsync(host, Cancellation, s_quick);
        Assert.Contains("could not be read", run.Error, StringComparison.Ordinal);
        Assert.Contains("tracked has been idle for ", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("acted upon", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_one_pass_that_went_well_no_age_is_known_and_that_is_said()
    {
        FakeHost host = HostWithOneProcess();
        int lists = 0;
        host.OnList = path => path == "/proc" && ++lists == 1 ? Errno.EIO : Errno.None;
        CliRun run = await CliRun.OfAsync(host, Cancellation, s_quick);
        Assert.DoesNotContain("COLD", run.Output, StringComparison.Ordinal);
        Assert.Contains("No age is known", run.Output, StringComparison.Ordinal);
        Assert.EndsWith("\nThese numbers are not to be acted upon: fewer than two passes went well; see the notes.\n", run.Output, StringComparison.Ordinal);
    }

    // In a person's time none of it takes any.
    private static Task<CliRun> SimulatedAsync(params string[] args) => CliRun.OfSimulatedAsync(new FakeTimeProvider(), Cancellation, args);

    private static FakeHost HostWithOneProcess()
    {
        FakeHost host = new();
        host.MakeFolder("/sys/fs/cgroup");
        host.AddProcess(1, "/", new FakeMapping { Rss = 300 * MiB, Referenced = 100 * MiB });
        return host;
    }
}
