using System.Collections.ObjectModel;
using System.IO.Compression;
using System.Xml.Linq;
using Xunit;

[assembly: AssemblyFixture(typeof(ColdPages.PackageTests.PackedLibrary))]

namespace ColdPages.PackageTests;

/// <summary>The library, packed once for all tests into a feed of its own in a temporary folder.</summary>
public sealed class PackedLibrary : IAsyncLifetime
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("coldpages-package-");

    /// <summary>The folder that serves as a package source and holds nothing else.</summary>
    public string Feed => Path.Combine(_folder.FullName, "feed");

    public string PackageFile => Assert.Single(Directory.GetFiles(Feed, "*.nupkg"));

    public string SymbolsFile => Assert.Single(Directory.GetFiles(Feed, "*.snupkg"));

    /// <summary>The manifest's "metadata".</summary>
    public XElement Manifest { get; private set; } = new("none");

    public string Version => ManifestValue("version");

    /// <summary>An element of the manifest by its name, whatever schema version the SDK wrote; empty where there is none.</summary>
    public string ManifestValue(string name) => Manifest.Elements().FirstOrDefault(element => element.Name.LocalName == name)?.Value ?? "";

    public byte[] ReadEntry(string name) => ReadEntry(PackageFile, name);

    public static byte[] ReadEntry(string archive, string name)
    {
        using ZipArchive zip = ZipFile.OpenRead(archive);
        ZipArchiveEntry? entry = zip.GetEntry(name);
        if (entry is null)
            Assert.Fail($"{Path.GetFileName(archive)} has no {name}, but {string.Join(", ", zip.Entries.Select(each => each.FullName))}.");
        using Stream content = entry.Open();
        using MemoryStream copy = new();
        content.CopyTo(copy);
        return copy.ToArray();
    }

    public async ValueTask InitializeAsync()
    {
        // Under artifacts of its own, so that no output of an earlier build is packed, and nobody's build is disturbed.
        await DotnetCommand.RunAsync(
            FindRepository(), ReadOnlyDictionary<string, string>.Empty, TestContext.Current.CancellationToken,
            "pack", "src/ColdPages", "-c", "Release", "-o", Feed, "--artifacts-path", Path.Combine(_folder.FullName, "artifacts"));
        using MemoryStream manifest = new(ReadEntry("ColdPages.nuspec"));
        Manifest = XDocument.Load(manifest).Root!.Elements().Single(element => element.Name.LocalName == "metadata");
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
