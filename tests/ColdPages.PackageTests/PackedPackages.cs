using System.Collections.ObjectModel;
using Xunit;

[assembly: AssemblyFixture(typeof(ColdPages.PackageTests.PackedPackages))]

namespace ColdPages.PackageTests;

/// <summary>All that is published, packed once for all tests into a feed of its own in a temporary folder.</summary>
public sealed class PackedPackages : IAsyncLifetime
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("coldpages-package-");

    /// <summary>The folder that serves as a package source and holds nothing else.</summary>
    public string Feed => Path.Combine(_folder.FullName, "feed");

    public PackedPackage Library { get; private set; } = null!;

    public PackedPackage Simulation { get; private set; } = null!;

    /// <summary>The command, as a .NET tool.</summary>
    public PackedPackage Tool { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        // Under artifacts of its own, so that no output of an earlier build is packed, and nobody's build is disturbed.
        foreach (string project in (string[])["src/ColdPages", "src/ColdPages.Simulation", "samples/ColdPages.Cli"])
        {
            await DotnetCommand.RunAsync(
                FindRepository(), ReadOnlyDictionary<string, string>.Empty, TestContext.Current.CancellationToken,
                "pack", project, "-c", "Release", "-o", Feed, "--artifacts-path", Path.Combine(_folder.FullName, "artifacts"));
        }

        Library = new PackedPackage(Feed, "ColdPages");
        Simulation = new PackedPackage(Feed, "ColdPages.Simulation");
        Tool = new PackedPackage(Feed, "ColdPages.Cli");
    }

    public ValueTask DisposeAsync()
    {
        _folder.Delete(recursive: true);
        return ValueTask.CompletedTask;
    }

    private static string FindRepository()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "ColdPages.sln")))
            folder = folder.Parent;
        return folder?.FullName
            ?? throw new DirectoryNotFoundException($"No folder above {AppContext.BaseDirectory} holds ColdPages.sln: these tests pack the repository they were built in.");
    }
}
