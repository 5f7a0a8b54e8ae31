namespace ColdPages.Tests;

/// <summary>The checkout that these tests were built from.</summary>
internal static class Repository
{
    public static string File(string path)
    {
        for (string? folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (System.IO.File.Exists(Path.Combine(folder, "ColdPages.sln")))
                return Path.Combine(folder, path);
        }

        throw new InvalidOperationException($"No ColdPages.sln above {AppContext.BaseDirectory}: run the tests from where they were built.");
    }
}
