namespace ColdPages.KernelTests;

/// <summary>
/// Switches off who else moves accessed bits, for the tests of a class: the multi-generational LRU, with which read(2) leaves no trace in the idle
/// bitmap, and the DAMON that newer kernels run from boot.
/// </summary>
public sealed class QuietAccessedBits : IDisposable
{
    private readonly List<KernelSetting> _settings = [];

    public QuietAccessedBits()
    {
        if (!Guest.IsHere)
            return;
        _settings.Add(new KernelSetting("/sys/kernel/mm/lru_gen/enabled", "n"));
        const string DamonStat = "/sys/module/damon_stat/parameters/enabled"; // Since Linux 6.17.
        if (File.Exists(DamonStat))
            _settings.Add(new KernelSetting(DamonStat, "N"));
    }

    public void Dispose() => _settings.ForEach(setting => setting.Dispose());
}
