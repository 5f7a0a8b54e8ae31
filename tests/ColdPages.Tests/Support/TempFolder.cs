namespace ColdPages.Tests;

/// <summary>A folder of one test's own.</summary>
internal sealed class TempFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("coldpages-test-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
