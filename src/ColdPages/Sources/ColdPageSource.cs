namespace ColdPages;

/// <summary>Where the evidence of accesses comes from.</summary>
public enum ColdPageSource
{
    /// <summary>The most exact source of this host that sees all of its memory. Never <see cref="Referenced"/>.</summary>
    Auto,

    /// <summary>/sys/kernel/mm/page_idle/bitmap: every page of the host, exact by page.</summary>
    IdleBitmap,

    /// <summary>The multi-generational LRU, /sys/kernel/debug/lru_gen: by memcg, up to four generations.</summary>
    MultiGenLru,

    /// <summary>
    /// clear_refs and smaps of every process: on almost any kernel, but mapped memory only, by process instead of by charge, and it
    /// slows the programs it looks at. Must be asked for by name.
    /// </summary>
    Referenced,

    /// <summary>A simulated host, of the package ColdPages.Simulation, measured as <see cref="IdleBitmap"/> measures a real one.</summary>
    Simulated,
}

/// <summary>The names that sources have at a shell, in JSON and in messages.</summary>
public static class ColdPageSourceNames
{
    /// <summary>"auto", "idle-bitmap", "mglru", "referenced" or "simulated".</summary>
    public static string ToName(this ColdPageSource source) => source switch
    {
        ColdPageSource.Auto => "auto",
        ColdPageSource.IdleBitmap => "idle-bitmap",
        ColdPageSource.MultiGenLru => "mglru",
        ColdPageSource.Referenced => "referenced",
        ColdPageSource.Simulated => "simulated",
        _ => throw new ArgumentOutOfRangeException(nameof(source), source, "No such source."),
    };

    /// <summary>The source of a name; false for any other text.</summary>
    public static bool TryParse(string? name, out ColdPageSource source)
    {
        foreach (ColdPageSource candidate in Enum.GetValues<ColdPageSource>())
        {
            if (candidate.ToName() == name)
            {
                source = candidate;
                return true;
            }
        }

        source = default;
        return false;
    }
}
