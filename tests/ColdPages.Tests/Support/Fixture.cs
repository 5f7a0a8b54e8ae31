using System.Reflection;

namespace ColdPages.Tests;

/// <summary>What a real kernel wrote, kept among the tests.</summary>
internal static class Fixture
{
    public static byte[] Read(string name)
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"There is no fixture {name}.");
        byte[] content = new byte[stream.Length];
        stream.ReadExactly(content);
        return content;
    }
}
