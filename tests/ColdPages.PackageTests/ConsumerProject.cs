namespace ColdPages.PackageTests;

/// <summary>A console project of somebody who uses the package, outside of the repository.</summary>
internal sealed class ConsumerProject : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("coldpages-consumer-");
    /// <param name="packages">Where its packages come from.</param>
    /// <param name="package">The one that it asks for.</param>
    /// <param name="program">Its only source file.</param>
    public ConsumerProject(PackedPackages packages, PackedPackage package, string program)
    {
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
                <PackageReference Include="{package.ManifestValue("id")}" Version="[{package.Version}]" />
              </ItemGroup>
            </Project>

            """);
        Write("Program.cs", program);

        // One more source beside those that the machine has.
        Write("nuget.config", $"""
            <configuration>
              <packageSources>
                <add key="coldpages-packed-now" value="{packages.Feed}" />
              </packageSources>
            </configuration>

            """);

        // So that none that lies in a folder above has a say.
        foreach (string name in (string[])["Directory.Build.props", "Directory.Build.targets", "Directory.Packages.props"])
            Write(name, "<Project />\n");
    }

    /// <summary>An empty folder, where a host's root would be mounted.</summary>
    public string EmptyHost => Path.Combine(_folder.FullName, "host");

    private string PackagesFolder => Path.Combine(_folder.FullName, "packages");

    // A package of this version may lie in the user's folder from an earlier build; a folder of our own has none.
    private Dictionary<string, string> Environment => new() { ["NUGET_PACKAGES"] = PackagesFolder };

    public Task BuildAsync(CancellationToken cancellationToken) =>
        DotnetCommand.RunAsync(_folder.FullName, Environment, cancellationToken, "build", "-c", "Release", "-o", "out");

    /// <summary>Gives what the program, which was built, wrote to its standard output.</summary>
    public Task<string> RunAsync(CancellationToken cancellationToken, params string[] arguments) =>
        DotnetCommand.RunAsync(_folder.FullName, Environment, cancellationToken, [Path.Combine("out", "Consumer.dll"), .. arguments]);

    /// <summary>Restores a .NET tool and runs it once; gives what it wrote to its standard output.</summary>
    public Task<string> RunToolAsync(PackedPackage tool, CancellationToken cancellationToken, params string[] arguments) =>
        DotnetCommand.RunAsync(
            _folder.FullName, Environment, cancellationToken, ["tool", "execute", tool.ManifestValue("id"), "--version", tool.Version, "--yes", "--", .. arguments]);

    public byte[] ReadRestored(PackedPackage package, string entry) =>
        File.ReadAllBytes(Path.Combine(PackagesFolder, package.ManifestValue("id").ToLowerInvariant(), package.Version, entry));

    public void Dispose() => _folder.Delete(recursive: true);

    /// <summary>Writes a file of the project's; gives where it is.</summary>
    public string Write(string name, string content)
    {
        string path = Path.Combine(_folder.FullName, name);
        File.WriteAllText(path, content);
        return path;
    }
}
