using System.Globalization;

namespace ColdPages.KernelTests;

/// <summary>The kernel's merging of pages of the same content (KSM).</summary>
internal static class SamePageMerging
{
    private const string Folder = "/sys/kernel/mm/ksm";

    /// <summary>Has so many pages saved by it, and ends it; what is merged by then stays so.</summary>
    public static async Task MergeAsync(int mib)
    {
        using KernelSetting fast = new($"{Folder}/pages_to_scan", "5000");
        using KernelSetting often = new($"{Folder}/sleep_millisecs", "1");
        using KernelSetting on = new($"{Folder}/run", "1");
        for (int attempt = 0; Saved < mib * 256; attempt++)
        {
            Assert.True(attempt < 1200, $"{Saved} pages were saved where {mib * 256} are right.");
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }
    }

    private static long Saved => long.Parse(File.ReadAllText($"{Folder}/pages_sharing"), CultureInfo.InvariantCulture);
}
