namespace ColdPages.KernelTests;

/// <summary>A DAMON instance that watches all physical memory, as somebody else would run it.</summary>
internal sealed class DamonMonitor : IDisposable
{
    private const string Monitors = "/sys/kernel/mm/damon/admin/kdamonds";

    public DamonMonitor()
    {
        KernelText.Write($"{Monitors}/nr_kdamonds", "1");
        const string Contexts = $"{Monitors}/0/contexts";
        KernelText.Write($"{Contexts}/nr_contexts", "1");
        KernelText.Write($"{Contexts}/0/operations", "paddr");
        const string Targets = $"{Contexts}/0/targets";
        KernelText.Write($"{Targets}/nr_targets", "1");
        KernelText.Write($"{Targets}/0/regions/nr_regions", "1");
        KernelText.Write($"{Targets}/0/regions/0/start", $"{16L << 20}");
        KernelText.Write($"{Targets}/0/regions/0/end", $"{2047L << 20}");
        KernelText.Write($"{Monitors}/0/state", "on");
    }

    public void Dispose()
    {
        KernelText.Write($"{Monitors}/0/state", "off");
        KernelText.Write($"{Monitors}/nr_kdamonds", "0");
    }
}
