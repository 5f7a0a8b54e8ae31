using System.Globalization;
using FsCheck;

namespace ColdPages.Tests;

/// <summary>
/// How many random histories a property is put to: the same ones each time, so that a change is told from chance; or, by COLDPAGES_HISTORIES=10000 in the environment, as many
/// others as that says.
/// </summary>
internal static class RandomHistories
{
    // Any: it was taken before anybody knew what it brings.
    private const ulong Seed = 20261127;

    private static readonly int? s_asked =
        int.TryParse(Environment.GetEnvironmentVariable("COLDPAGES_HISTORIES"), NumberStyles.None, CultureInfo.InvariantCulture, out int asked) ? asked : null;

    public static int Count(int usual) => s_asked ?? usual;

    public static Config Config(int histories)
    {
        Config config = FsCheck.Config.QuickThrowOnFailure.WithMaxTest(histories);
        return s_asked is null ? config.WithReplay(Seed, 1) : config;
    }
}
