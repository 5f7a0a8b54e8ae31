using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using Xunit;

namespace ColdPages.PackageTests;

public sealed class PublicSurfaceTests(PackedPackages packages)
{
    [Fact]
    public void Every_public_type_is_in_namespace_ColdPages()
    {
        using PEReader portableExecutable = new(new MemoryStream(packages.Library.ReadEntry("lib/net10.0/ColdPages.Core.dll")));
        MetadataReader metadata = portableExecutable.GetMetadataReader();

        // A nested type has its namespace from the type around it, which is looked at itself.
        List<string> outside = [];
        int inside = 0;
        foreach (TypeDefinition type in metadata.TypeDefinitions.Select(metadata.GetTypeDefinition))
        {
            if ((type.Attributes & TypeAttributes.VisibilityMask) != TypeAttributes.Public)
                continue;
            string space = metadata.GetString(type.Namespace);
            if (space == "ColdPages")
                inside++;
            else
                outside.Add($"{space}.{metadata.GetString(type.Name)}");
        }

        Assert.Empty(outside);
        Assert.NotEqual(0, inside);

        // Types forwarded to other assemblies would be part of the surface too.
        Assert.Empty(metadata.ExportedTypes);
    }
}
