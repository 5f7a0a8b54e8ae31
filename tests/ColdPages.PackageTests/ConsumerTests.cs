using System.Globalization;
using System.Text;
using System.Text.Json;
using Xunit;

namespace ColdPages.PackageTests;

public sealed class ConsumerTests(PackedPackages packages)
{
    private const string Program = """
        using System.Buffers;
        using System.Text.Json;
        using ColdPages;

        HostRoots roots = HostRoots.Mounted(args[0]);
        HostDiagnosis probed = HostDiagnosis.Probe(roots);
        string sources = string.Join(", ", probed.Sources.Select(source => $"{source.Source.ToName()} {(source.IsUsable ? "yes" : "no")}"));
        Console.WriteLine($"probe: chosen {probed.Chosen?.ToName() ?? "none"}; {sources}");

        ColdPageTrackerOptions options = new() { Roots = roots, Interval = TimeSpan.FromSeconds(2) };
        if (ColdPageTracker.TryOpen(options, out ColdPageTracker? tracker, out HostDiagnosis diagnosis))
        {
            tracker.Dispose();
            return 1;
        }

        Console.WriteLine($"not opened: {string.Join(' ', diagnosis.ToString().Split('\n', StringSplitOptions.TrimEntries))}");
        try
        {
            using ColdPageTracker opened = ColdPageTracker.Open(options);
            return 1;
        }
        catch (SourceUnavailableException e)
        {
            Console.WriteLine($"exception says the same: {e.Message == diagnosis.ToString()}");
        }

        AgeHistogram histogram = AgeHistogram.Create(
        [
            new AgeBin { From = TimeSpan.Zero, To = TimeSpan.FromSeconds(2), AnonBytes = 4096 },
            new AgeBin { From = TimeSpan.FromSeconds(2), To = null, FileBytes = 1024, ShmemBytes = 2048 },
        ]);
        Console.WriteLine($"histogram: {histogram.BytesOlderThan(TimeSpan.Zero)}; {histogram.BytesOlderThan(TimeSpan.FromSeconds(1))}; {histogram.BytesOlderThan(TimeSpan.FromHours(1))}");

        ColdPageSnapshot snapshot = ColdPageSnapshot.ReadJson(File.ReadAllBytes(args[1]));
        Console.WriteLine(
            $"report: {snapshot.Source.ToName()}, {snapshot.Scans} scans every {snapshot.Interval.TotalSeconds} s at {snapshot.TakenAt:o}, actionable {snapshot.Confidence.IsActionable}");
        Console.WriteLine($"memcgs: {string.Join(' ', snapshot.Memcgs.Select(memcg => memcg.Path))}");
        MemcgAges a = snapshot["/a"];
        Console.WriteLine($"/a older than 2.01 s: {a.BytesOlderThan(TimeSpan.FromSeconds(2.01)).AtLeast}");
        Console.WriteLine($"/a older than 3 s: {a.BytesOlderThan(TimeSpan.FromSeconds(3))}");
        Console.WriteLine($"/a alone older than 4.03 s: {a.Idle(MemcgScope.Local).BytesOlderThan(TimeSpan.FromSeconds(4.03)).AtLeast}");
        Console.WriteLine($"/a untracked: {a.UntrackedBytes()}; / untracked: {snapshot["/"].UntrackedBytes()?.ToString() ?? "unknown"}");
        Console.WriteLine($"/gone: {snapshot.TryGetMemcg("/gone", out _)}");

        ArrayBufferWriter<byte> written = new();
        using (Utf8JsonWriter writer = new(written))
            snapshot.WriteJson(writer);
        Console.WriteLine($"written and read again, equal: {ColdPageSnapshot.ReadJson(written.WrittenSpan).Equals(snapshot)}");
        return 0;

        """;

    // By hand, from the contract of coldpages.report/1 and not from what the library writes: members in another order, numbers written in
    // other ways, kinds left out, and members that no version of it has, everywhere.
    private const string Report = """
        {"futureMember":{"deep":[1,{"er":null}]},"schema":"coldpages.report/1","source":"referenced","attribution":"process","kernel":"6.12.95",
         "takenAt":"2026-01-02T03:04:05Z","scans":3,"intervalSeconds":2,"warnings":["made by hand"],"kindsMerged":{"shmem":"anon"},
         "cost":{"userCpuSeconds":0.01,"kernelCpuSeconds":1.5e-1,"entriesRead":{"/proc/PID/smaps":512},"entriesWritten":{},"stateBytes":4096,"joules":3.5},
         "memcgs":[
          {"path":"/","inode":1,"scope":"hierarchical","residentBytes":null,"trackedBytes":45056,"untrackedBytes":null,
           "idle":[{"fromSeconds":0,"toSeconds":2.01,"anonBytes":4096,"fileBytes":4096},
                   {"fromSeconds":2.01,"toSeconds":4.03,"anonBytes":8192,"fileBytes":4096,"shmemBytes":0},
                   {"fromSeconds":4.03,"toSeconds":null,"anonBytes":16384,"fileBytes":4096,"shmemBytes":4096}],"promotions":[]},
          {"path":"/a","inode":23,"scope":"hierarchical","residentBytes":50176,"trackedBytes":40960,"untrackedBytes":9216,"colour":"blue",
           "idle":[{"toSeconds":2.01,"fromSeconds":0,"anonBytes":4096,"fileBytes":0,"shmemBytes":0,"hugeBytes":7},
                   {"fromSeconds":2.01,"toSeconds":4.03,"anonBytes":8192,"fileBytes":4096,"shmemBytes":0},
                   {"fromSeconds":4.03,"toSeconds":null,"anonBytes":16384,"fileBytes":4096,"shmemBytes":4096}],
           "promotions":[{"fromSeconds":2.01,"toSeconds":4.03,"bytes":4096}]},
          {"path":"/a/b","inode":24,"scope":"hierarchical","residentBytes":12288,"trackedBytes":12288,"untrackedBytes":0,
           "idle":[{"fromSeconds":0,"toSeconds":2.01},
                   {"fromSeconds":2.01,"toSeconds":4.03,"anonBytes":4096},
                   {"fromSeconds":4.03,"toSeconds":null,"anonBytes":8192}],"promotions":[]},
          {"path":"/c","inode":25,"scope":"hierarchical","residentBytes":4096,"trackedBytes":4096,"untrackedBytes":0,
           "idle":[{"fromSeconds":0.00,"toSeconds":2.010,"fileBytes":4096},
                   {"fromSeconds":2.01,"toSeconds":4.03},
                   {"fromSeconds":4.03,"toSeconds":null}],"promotions":[]}],
         "unattributed":{"idle":[{"fromSeconds":0,"toSeconds":2.01},{"fromSeconds":2.01,"toSeconds":4.03},{"fromSeconds":4.03,"toSeconds":null}],"why":"none"}}

        """;

    [Fact]
    public async Task Fresh_project_restores_builds_and_runs_with_the_package()
    {
        using ConsumerProject project = new(packages, packages.Library, Program);
        await project.BuildAsync(TestContext.Current.CancellationToken);
        string output = await project.RunAsync(TestContext.Current.CancellationToken, project.EmptyHost, project.Write("report.json", Report));

        // What ran is what was packed, whatever other sources and caches this machine has.
        Assert.Equal(packages.Library.ReadEntry("lib/net10.0/ColdPages.Core.dll"), project.ReadRestored(packages.Library, "lib/net10.0/ColdPages.Core.dll"));

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

    [Fact]
    public async Task Readme_of_the_library_has_a_program_that_builds()
    {
        using ConsumerProject project = new(packages, packages.Library, ProgramOf(packages.Library));
        await project.BuildAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Readme_of_the_simulated_host_has_a_program_that_tells_the_truth()
    {
        using ConsumerProject project = new(packages, packages.Simulation, ProgramOf(packages.Simulation));
        await project.BuildAsync(TestContext.Current.CancellationToken);
        string output = await project.RunAsync(TestContext.Current.CancellationToken);
        string[] words = output.Split([' ', '\n']);
        Assert.True(long.Parse(words[0], CultureInfo.InvariantCulture) > 0);
        Assert.Equal($"{words[0]} bytes told to be cold, {words[0]} are\n", output);
    }

    [Fact]
    public async Task Tool_runs_as_a_command()
    {
        using ConsumerProject project = new(packages, packages.Library, Program);
        string json = await project.RunToolAsync(packages.Tool, TestContext.Current.CancellationToken, "report", "--source", "simulated", "--json");
        using JsonDocument report = JsonDocument.Parse(json);
        Assert.Equal("coldpages.report/1", report.RootElement.GetProperty("schema").GetString());
        Assert.NotEqual(0, report.RootElement.GetProperty("memcgs").GetArrayLength());
    }

    private static string ProgramOf(PackedPackage package)
    {
        const string Fence = "```csharp\n";
        string[] parts = Encoding.UTF8.GetString(package.ReadEntry("README.md")).Split(Fence);
        Assert.Equal(2, parts.Length);
        return parts[1][..parts[1].IndexOf("```", StringComparison.Ordinal)];
    }
}
