using System.Globalization;

namespace ColdPages.KernelTests;

/// <summary>While it lives, whoever asks for huge pages gets some of 64 KiB, and none of 2 MiB. Those that are there stay as they are.</summary>
internal sealed class HugePagesOf64KiB : IDisposable
{
    private const string Folder = "/sys/kernel/mm/transparent_hugepage";

    private readonly KernelSetting _large = new($"{Folder}/hugepages-2048kB/enabled", "never");
    private readonly KernelSetting _small = new($"{Folder}/hugepages-64kB/enabled", "madvise");

    /// <summary>How much anonymous memory is in such pages, on the whole host.</summary>
    public static long Bytes => long.Parse(File.ReadAllText($"{Folder}/hugepages-64kB/stats/nr_anon"), CultureInfo.InvariantCulture) * 64 * 1024;

    public void Dispose()
    {
        _small.Dispose();
        _large.Dispose();
    }
}
