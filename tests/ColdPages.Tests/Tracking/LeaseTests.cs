using System.Diagnostics;

namespace ColdPages.Tests;

public sealed class LeaseTests
{
    [Fact]
    public void A_second_tracker_is_told_who_holds_the_lease()
    {
        using ClockedHost host = ClockedHost.WithOneProcess(out _);
        using ColdPageTracker first = host.Open();

        Assert.False(ColdPageTracker.TryOpen(host.Options, out _, out HostDiagnosis diagnosis));
        Assert.Equal(Environment.ProcessId, diagnosis.LeaseHolder?.Pid);
        Assert.Contains($"process {Environment.ProcessId} (", diagnosis.ToString(), StringComparison.Ordinal);
        Assert.NotEqual("", diagnosis.LeaseHolder?.Command);
        SourceUnavailableException thrown = Assert.Throws<SourceUnavailableException>(() => host.Open());
        Assert.Equal(diagnosis.ToString(), thrown.Message);
    }

    [Fact]
    public void A_disposed_tracker_gives_the_lease_back()
    {
        using ClockedHost host = ClockedHost.WithOneProcess(out _);
        host.Open().Dispose();
        using ColdPageTracker second = host.Open();
        Assert.Equal(ColdPageSource.Referenced, second.Source);
    }

    [Fact]
    public async Task A_holder_that_is_killed_frees_the_lease()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/flock"), "SKIP: needs flock(1); apt-get install util-linux");
        using ClockedHost host = ClockedHost.WithOneProcess(out _);
        host.Open().Dispose(); // Makes the file.
        string lease = Path.Combine(host.Options.LeaseDirectory, "lease");
        using Process holder = Process.Start(new ProcessStartInfo("/usr/bin/flock", ["--exclusive", "--no-fork", lease, "/bin/sh", "-c", "echo held; exec sleep 600"])
        {
            RedirectStandardOutput = true,
            UseShellExecute = false,
        })!;
        Assert.Equal("held", await holder.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken));
        Assert.False(ColdPageTracker.TryOpen(host.Options, out _, out HostDiagnosis diagnosis));
        Assert.Equal(0, diagnosis.LeaseHolder?.Pid); // flock(1) does not say who it is.

        holder.Kill();
        await holder.WaitForExitAsync(TestContext.Current.CancellationToken);
        using ColdPageTracker tracker = host.Open();
        Assert.Equal(0, tracker.Scans);
    }

    [Fact]
    public void A_link_in_place_of_the_lease_is_refused_and_what_it_points_at_left_alone()
    {
        using ClockedHost host = ClockedHost.WithOneProcess(out _);
        string precious = Path.Combine(host.Options.LeaseDirectory, "precious");
        File.WriteAllText(precious, "precious");
        File.CreateSymbolicLink(Path.Combine(host.Options.LeaseDirectory, "lease"), precious);
        Assert.False(ColdPageTracker.TryOpen(host.Options, out _, out HostDiagnosis diagnosis));
        Assert.Contains("ELOOP", diagnosis.ToString(), StringComparison.Ordinal);
        Assert.Equal("precious", File.ReadAllText(precious));
    }

    [Fact]
    public void A_lease_folder_that_cannot_be_made_is_a_diagnosis_with_a_remedy()
    {
        using ClockedHost host = ClockedHost.WithOneProcess(out _);
        Assert.False(ColdPageTracker.TryOpen(host.Options with { LeaseDirectory = "/dev/null/lease" }, out _, out HostDiagnosis diagnosis));
        Assert.Contains("/dev/null/lease", diagnosis.ToString(), StringComparison.Ordinal);
        Assert.Contains("LeaseDirectory", diagnosis.ToString(), StringComparison.Ordinal);
        Assert.Null(diagnosis.LeaseHolder);
    }

    [Theory]
    [InlineData("")]
    [InlineData("/")]
    public void A_lease_folder_is_made_but_not_those_above_it(string end)
    {
        using ClockedHost host = ClockedHost.WithOneProcess(out _);
        string folder = host.Options.LeaseDirectory;
        host.Open(options => options with { LeaseDirectory = $"{folder}/made{end}" }).Dispose();
        Assert.True(File.Exists($"{folder}/made/lease"));

        Assert.False(ColdPageTracker.TryOpen(host.Options with { LeaseDirectory = $"{folder}/nope/x{end}" }, out _, out HostDiagnosis diagnosis));
        Assert.Contains($"there is no folder {folder}/nope ", diagnosis.ToString(), StringComparison.Ordinal);
        Assert.Contains("LeaseDirectory", diagnosis.ToString(), StringComparison.Ordinal);
        Assert.False(Directory.Exists($"{folder}/nope"));
    }
}
