using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Text;
using System.Xml.Linq;
using Xunit;

namespace ColdPages.PackageTests;

public sealed class PackageContentTests(PackedPackages packages)
{
    private readonly PackedPackage _library = packages.Library;

    [Fact]
    public void Package_holds_the_library_for_one_framework_with_its_documentation_and_the_readme()
    {
        string[] libraryFiles = [.. _library.Entries.Where(name => name.StartsWith("lib/", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
        Assert.Equal(["lib/net10.0/ColdPages.Core.dll", "lib/net10.0/ColdPages.Core.xml"], libraryFiles);
        Assert.Contains("# ColdPages", Encoding.UTF8.GetString(_library.ReadEntry("README.md")), StringComparison.Ordinal);
        Assert.Equal("README.md", _library.ManifestValue("readme"));
    }

    [Fact]
    public void Documentation_tells_of_the_tracker()
    {
        XDocument documentation = XDocument.Parse(Encoding.UTF8.GetString(_library.ReadEntry("lib/net10.0/ColdPages.Core.xml")).TrimStart('\uFEFF'));
        XElement? tracker = documentation.Descendants("member").SingleOrDefault(member => member.Attribute("name")?.Value == "T:ColdPages.ColdPageTracker");
        Assert.False(string.IsNullOrWhiteSpace(tracker?.Element("summary")?.Value));
    }

    [Fact]
    public void License_is_MIT_by_its_expression()
    {
        Assert.Equal("MIT", _library.ManifestValue("license"));
        Assert.Equal("expression", _library.Manifest.Elements().Single(element => element.Name.LocalName == "license").Attribute("type")?.Value);
    }

    [Fact]
    public void Object_pool_is_the_only_dependency()
    {
        XElement dependency = Assert.Single(_library.Manifest.Descendants(), element => element.Name.LocalName == "dependency");
        Assert.Equal("Microsoft.Extensions.ObjectPool", dependency.Attribute("id")?.Value);
        Assert.Equal("net10.0", dependency.Parent?.Attribute("targetFramework")?.Value);
    }

    [Fact]
    public void Simulated_host_goes_with_exactly_the_library_that_it_was_built_against_and_needs_nothing_else()
    {
        Assert.Equal([$"ColdPages [{_library.Version}]"], packages.Simulation.Dependencies);
        Assert.Equal(
            ["lib/net10.0/ColdPages.Simulation.dll", "lib/net10.0/ColdPages.Simulation.xml"],
            packages.Simulation.Entries.Where(name => name.StartsWith("lib/", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        Assert.Equal("MIT", packages.Simulation.ManifestValue("license"));
    }

    [Fact]
    public void Symbols_belong_to_the_library()
    {
        using PEReader portableExecutable = new(new MemoryStream(_library.ReadEntry("lib/net10.0/ColdPages.Core.dll")));
        CodeViewDebugDirectoryData wanted = portableExecutable.ReadCodeViewDebugDirectoryData(
            portableExecutable.ReadDebugDirectory().Single(entry => entry.Type == DebugDirectoryEntryType.CodeView));

        byte[] symbols = _library.ReadSymbols("lib/net10.0/ColdPages.Core.pdb");
        using MetadataReaderProvider provider = MetadataReaderProvider.FromPortablePdbStream(new MemoryStream(symbols));

        // A debugger matches the two by the first 16 bytes of this id.
        Assert.Equal(wanted.Guid, new Guid(provider.GetMetadataReader().DebugMetadataHeader!.Id.AsSpan()[..16]));
    }
}
