namespace ColdPages.KernelTests;

/// <summary>
/// Switches off who else moves accessed bits, for the tests of a class: the DAMON that newer kernels run from boot, and the multi-generational LRU, with which read(2) leaves no trace in the idle
/// bitmap.
/// </summary>
public class QuietAccessedBits : IDisposable
{
    private readonly List<KernelSetting> _settings = [];

    public QuietAccessedBits()
        : this("n")
    {
    }

    protected QuietAccessedBits(string multiGenLru)
    {
        if (!Guest.IsHere)
            return;
        _settings.Add(new KernelSetting("/sys/kernel/mm/lru_gen/enabled", multiGenLru));
        const string DamonStat = "/sys/module/damon_stat/parameters/enabled"; // Since Linux 6.17.
        if (File.Exists(DamonStat))
            _settings.Add(new KernelSetting(DamonStat, "N"));
    }

    public void Dispose()
    {
        _settings.ForEach(setting => setting.Dispose());
        GC.SuppressFinalize(this);
    }
}

/// <summary>The same, with the multi-generational LRU on.</summary>
public sealed class QuietGenerations() : QuietAccessedBits("y");
