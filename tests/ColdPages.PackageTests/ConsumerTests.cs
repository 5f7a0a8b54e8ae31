using Xunit;

namespace ColdPages.PackageTests;

public sealed class ConsumerTests(PackedLibrary library)
{
    [Fact]
    public async Task Fresh_project_restores_builds_and_runs_with_the_package()
    {
        using ConsumerProject project = new(library);
        string output = await project.RunAsync(TestContext.Current.CancellationToken);

        // What ran is what was packed, whatever other sources and caches this machine has.
        Assert.Equal(library.ReadEntry("lib/net10.0/ColdPages.Core.dll"), project.ReadRestoredLibrary());

        string[] lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        string mountInfo = $"{project.EmptyHost}/proc/1/mountinfo";
        Assert.Collection(
            lines,
            line => Assert.Equal("probe: chosen none; idle-bitmap no, mglru no, referenced no", line),
            line =>
            {
                Assert.StartsWith("not opened: No source that sees all memory can be used on this host. idle-bitmap, mglru: ", line, StringComparison.Ordinal);
                Assert.Contains(mountInfo, line, StringComparison.Ordinal);
                Assert.Contains("Give a root that holds a host's /proc and /sys", line, StringComparison.Ordinal);
            },
            line => Assert.Equal("exception says the same: True", line),
            line => Assert.Equal("histogram: 7168 bytes; 3072 to 7168 bytes; 0 to 3072 bytes", line),
            line => Assert.Equal("report: referenced, 3 scans every 2 s at 2026-01-02T03:04:05.0000000+00:00, actionable False", line),
            line => Assert.Equal("memcgs: / /a /a/b /c", line),
            line => Assert.Equal("/a older than 2.01 s: 36864", line),
            line => Assert.Equal("/a older than 3 s: 24576 to 36864 bytes", line),
            line => Assert.Equal("/a alone older than 4.03 s: 16384", line),
            line => Assert.Equal("/a untracked: 9216; / untracked: unknown", line),
            line => Assert.Equal("/gone: False", line),
            line => Assert.Equal("written and read again, equal: True", line));
    }
}
