using System.IO.Compression;
using System.Xml.Linq;
using Xunit;

namespace ColdPages.PackageTests;

/// <summary>One package in a feed.</summary>
public sealed class PackedPackage
{
    private readonly string _feed;
    private readonly string _id;

    public PackedPackage(string feed, string id)
    {
        _feed = feed;
        _id = id;
        using MemoryStream manifest = new(ReadEntry(id + ".nuspec"));
        Manifest = XDocument.Load(manifest).Root!.Elements().Single(element => element.Name.LocalName == "metadata");
    }

    // Its version begins with a digit, what another id goes on with after the dot does not.
    public string PackageFile => Assert.Single(Directory.GetFiles(_feed, $"{_id}.*.nupkg"), file => char.IsAsciiDigit(Path.GetFileName(file)[_id.Length + 1]));

    public string SymbolsFile => Path.ChangeExtension(PackageFile, ".snupkg");

    /// <summary>The manifest's "metadata".</summary>
    public XElement Manifest { get; }

    public string Version => ManifestValue("version");

    /// <summary>What the manifest says it depends on: the id and the version, as they are written there.</summary>
    public IEnumerable<string> Dependencies =>
        Manifest.Descendants().Where(element => element.Name.LocalName == "dependency").Select(element => $"{element.Attribute("id")?.Value} {element.Attribute("version")?.Value}");

    /// <summary>An element of the manifest by its name, whatever schema version the SDK wrote; empty where there is none.</summary>
    public string ManifestValue(string name) => Manifest.Elements().FirstOrDefault(element => element.Name.LocalName == name)?.Value ?? "";

    public IEnumerable<string> Entries
    {
        get
        {
            using ZipArchive zip = ZipFile.OpenRead(PackageFile);
            return [.. zip.Entries.Select(entry => entry.FullName)];
        }
    }

    public byte[] ReadEntry(string name) => ReadEntry(PackageFile, name);

    public byte[] ReadSymbols(string name) => ReadEntry(SymbolsFile, name);

    private static byte[] ReadEntry(string archive, string name)
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
}
