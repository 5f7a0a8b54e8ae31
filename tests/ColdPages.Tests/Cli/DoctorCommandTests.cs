using System.Text.Json;

namespace ColdPages.Tests;

public sealed class DoctorCommandTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_missing_is_listed_with_why_and_what_brings_it()
    {
        FakeHost host = Host();
        CliRun run = await CliRun.OfAsync(host, Cancellation, "doctor");
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Contains("Linux 6.12.95. No source that sees all memory can be used here; 'coldpages report' would", run.Output, StringComparison.Ordinal);
        Assert.Matches(@"(?m)^  no   idle-bitmap  +The kernel has no /sys/kernel/mm/page_idle/bitmap\.\n +→ Use a kernel with CONFIG_IDLE_PAGE_TRACKING=y\.$", run.Output);
        Assert.Matches(@"(?m)^  yes  referenced$", run.Output);
        Assert.Matches(@"(?m)^  yes  swap +1 of 2 MiB free$", run.Output);
        Assert.All(FeatureNames.All, name => Assert.Contains($"  {name}", run.Output, StringComparison.Ordinal));
        Assert.Contains("not looked for: no source can be used", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_chosen_source_and_who_spoils_it_are_told()
    {
        FakeHost host = Host();
        host.Write("/sys/kernel/mm/lru_gen/enabled", "0x0007\n");
        CliRun run = await CliRun.OfAsync(host, Cancellation, "doctor", "--source", "referenced");
        Assert.Contains("The source 'referenced' can be used.", run.Output, StringComparison.Ordinal);
        Assert.Matches(@"(?m)^  yes  referenced +\(chosen\)$", run.Output);
        Assert.Contains("- The multi-generational LRU is on", run.Output, StringComparison.Ordinal);
        CliRun other = await CliRun.OfAsync(host, Cancellation, "doctor", "--source", "idle-bitmap");
        Assert.Equal(0, other.ExitCode);
        Assert.Contains("The source 'idle-bitmap' cannot be used here.", other.Output, StringComparison.Ordinal);
        host.Write("/sys/kernel/mm/lru_gen/enabled", "0x0000\n");
        Assert.Contains("none found", (await CliRun.OfAsync(host, Cancellation, "doctor", "--source", "referenced")).Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(int.MaxValue, 100)]
    [InlineData(100, 100)]
    [InlineData(80, 80)]
    [InlineData(10, 60)]
    public async Task Lines_fit_and_only_a_word_that_is_longer_does_not(int terminal, int width)
    {
        CliRun run = await CliRun.OfAsync(Host(), terminal, Cancellation, "doctor");
        Assert.All(run.Output.Split('\n'), line => Assert.True(line.Length <= width || !line.Trim()[1..].TrimStart().Contains(' ', StringComparison.Ordinal), line));
        Assert.DoesNotMatch(@"(?m)[ \t]$", run.Output);
        Assert.Contains(run.Output.Split('\n'), line => line.Length > width - 20);
    }

    [Fact]
    public async Task Names_of_the_kernels_do_not_reach_the_terminal_as_they_are()
    {
        FakeHost host = Host();
        host.Write("/proc/sys/kernel/osrelease", "6.12\u001b[2J\n");
        CliRun run = await CliRun.OfAsync(host, Cancellation, "doctor");
        Assert.Contains(@"Linux 6.12\x1b[2J.", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', run.Output);
    }

    [Fact]
    public async Task Json_is_all_there_is_on_standard_output()
    {
        CliRun run = await CliRun.OfAsync(Host(), Cancellation, "doctor", "--json");
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Equal(1, run.Output.Count(c => c == '\n'));
        using JsonDocument document = JsonDocument.Parse(run.Output);
        Assert.Equal("coldpages.doctor/1", document.RootElement.GetProperty("schema").GetString());
        Assert.Equal(FeatureNames.All.Length, document.RootElement.GetProperty("features").GetArrayLength());
    }

    [Fact]
    public async Task A_root_without_a_host_is_told_and_is_no_failure()
    {
        using TempFolder folder = new();
        CliRun run = await CliRun.OfAsync(Host(), Cancellation, "doctor", "--root", folder.Path);
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Contains("No source can be used here.", run.Output, StringComparison.Ordinal);
        Assert.Contains($"There is nothing in {folder.Path}/sys.", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("CONFIG_", run.Output, StringComparison.Ordinal);
        Assert.Matches(@"(?m)^  no   lru_gen mm_walk +as above$", run.Output);
    }

    [Fact]
    public async Task The_simulated_host_can_be_examined()
    {
        CliRun run = await CliRun.OfAsync(Host(), Cancellation, "doctor", "--source", "simulated");
        Assert.Equal(0, run.ExitCode);
        Assert.Contains("The source 'simulated' can be used.", run.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--source", "tea-leaves")]
    [InlineData("--root", "")]
    [InlineData("--interval", "2s")]
    public async Task A_wrong_option_or_value_is_named_and_exits_with_2(string option, string value)
    {
        CliRun run = await CliRun.OfAsync(Host(), Cancellation, "doctor", option, value);
        Assert.Equal(2, run.ExitCode);
        Assert.Contains(option, run.Error, StringComparison.Ordinal);
        Assert.Contains("coldpages doctor --help", run.Error, StringComparison.Ordinal);
        Assert.Equal("", run.Output);
    }

    [Fact]
    public async Task A_root_does_not_go_with_the_simulated_host()
    {
        CliRun run = await CliRun.OfAsync(Host(), Cancellation, "doctor", "--source", "simulated", "--root", "/x");
        Assert.Equal(2, run.ExitCode);
        Assert.Contains("--root", run.Error, StringComparison.Ordinal);
    }

    private static FakeHost Host()
    {
        FakeHost host = new();
        host.AddMemcg("/");
        host.AddProcess(1, "/", new FakeMapping { Rss = 1 << 20 });
        return host;
    }
}
