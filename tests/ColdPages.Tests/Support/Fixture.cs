using System.Reflection;

namespace ColdPages.Tests;

/// <summary>What a real kernel wrote, kept among the tests; what has fuzz in its name, no kernel should write.</summary>
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

    /// <summary>The names of those that begin so, in order.</summary>
    public static string[] Names(string start) =>
        [.. Assembly.GetExecutingAssembly().GetManifestResourceNames().Where(name => name.StartsWith(start, StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
}
