namespace ColdPages.Simulation;

/// <summary>One memcg's folios on one node by generation, anonymous ones (shmem among them) and page cache apart: struct lru_gen_folio.</summary>
/// <remarks>A folio knows its generation by its number modulo <see cref="Max"/>, as the kernel's page flags do; whatever changes the numbers moves it with them.</remarks>
internal sealed class GenerationLists(SimulatedMemcg memcg, int node, long now)
{
    /// <summary>MAX_NR_GENS and MIN_NR_GENS of include/linux/mmzone.h.</summary>
    public const int Max = 4;
    public const int Min = 2;

    private readonly long[] _pages = new long[Max * 2];
    private readonly long[] _oldest = new long[2];
    private readonly long[] _born = [now, now, now, now];
    private readonly List<SimulatedFolio> _folios = [];

    public SimulatedMemcg Memcg => memcg;

    public int Node => node;

    public long Youngest { get; private set; } = Min + 1;

    /// <summary>Whether somebody is walking page tables for it now, and a command makes no generation.</summary>
    public bool IsWalked { get; set; }

    public IReadOnlyList<SimulatedFolio> Folios => _folios;

    /// <summary>Pages of all generations.</summary>
    public long Total => _pages.Sum();

    public static int IndexOf(long generation) => (int)(generation % Max);

    public long Oldest(bool isFile) => _oldest[isFile ? 1 : 0];

    public int Count(bool isFile) => (int)(Youngest - Oldest(isFile) + 1);

    public long Born(long generation) => _born[IndexOf(generation)];

    public long Pages(long generation, bool isFile) => _pages[(IndexOf(generation) * 2) + (isFile ? 1 : 0)];

    /// <summary>Whether a generation counts as active: the two youngest do.</summary>
    public bool IsActive(int index) => index == IndexOf(Youngest) || index == IndexOf(Youngest - 1);

    public void Add(SimulatedFolio folio)
    {
        folio.PlaceInGenerations = _folios.Count;
        _folios.Add(folio);
        Count(folio, folio.Pages);
    }

    public void Remove(SimulatedFolio folio)
    {
        SimulatedFolio last = _folios[^1];
        _folios[folio.PlaceInGenerations] = last;
        last.PlaceInGenerations = folio.PlaceInGenerations;
        _folios.RemoveAt(_folios.Count - 1);
        Count(folio, -folio.Pages);
    }

    public void DropOldest(bool isFile) => _oldest[isFile ? 1 : 0]++;

    public void Begin(long time)
    {
        Youngest++;
        _born[IndexOf(Youngest)] = time;
    }

    private void Count(SimulatedFolio folio, long pages) => _pages[(folio.Generation * 2) + (folio.IsOnFileList ? 1 : 0)] += pages;
}
