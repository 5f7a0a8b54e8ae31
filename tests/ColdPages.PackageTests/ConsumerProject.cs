namespace ColdPages.PackageTests;

/// <summary>A console project of somebody who uses the package, outside of the repository.</summary>
internal sealed class ConsumerProject : IDisposable
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

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("coldpages-consumer-");
    private readonly string _version;

    public ConsumerProject(PackedLibrary library)
    {
        _version = library.Version;
        Directory.CreateDirectory(EmptyHost);
        Write("Consumer.csproj", $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <Nullable>enable</Nullable>
                <ImplicitUsings>enable</ImplicitUsings>
                <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
                <UseAppHost>false</UseAppHost>
                <NuGetAudit>false</NuGetAudit>
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="ColdPages" Version="[{_version}]" />
              </ItemGroup>
            </Project>

            """);
        Write("Program.cs", Program);
        Write("report.json", Report);

        // One more source beside those that the machine has.
        Write("nuget.config", $"""
            <configuration>
              <packageSources>
                <add key="coldpages-packed-now" value="{library.Feed}" />
              </packageSources>
            </configuration>

            """);

        // So that none that lies in a folder above has a say.
        foreach (string name in (string[])["Directory.Build.props", "Directory.Build.targets", "Directory.Packages.props"])
            Write(name, "<Project />\n");
    }

    /// <summary>An empty folder, where a host's root would be mounted.</summary>
    public string EmptyHost => Path.Combine(_folder.FullName, "host");

    // A package of this version may lie in the user's folder from an earlier build; a folder of our own has none.
    private string PackagesFolder => Path.Combine(_folder.FullName, "packages");

    /// <summary>Restores, builds and runs the project; gives what it wrote to its standard output.</summary>
    public async Task<string> RunAsync(CancellationToken cancellationToken)
    {
        Dictionary<string, string> environment = new() { ["NUGET_PACKAGES"] = PackagesFolder };
        await DotnetCommand.RunAsync(_folder.FullName, environment, cancellationToken, "build", "-c", "Release", "-o", "out");
        return await DotnetCommand.RunAsync(
            _folder.FullName, environment, cancellationToken, Path.Combine("out", "Consumer.dll"), EmptyHost, Path.Combine(_folder.FullName, "report.json"));
    }

    public byte[] ReadRestoredLibrary() =>
        File.ReadAllBytes(Path.Combine(PackagesFolder, "coldpages", _version, "lib", "net10.0", "ColdPages.Core.dll"));

    public void Dispose() => _folder.Delete(recursive: true);

    private void Write(string name, string content) => File.WriteAllText(Path.Combine(_folder.FullName, name), content);
}
