namespace ColdPages;

/// <summary>
/// Whoever pages are charged to, by the inode that the kernel gives, and its idle pages by kind and by the pass in which they were last seen touched. As long as pages stay idle these
/// numbers stay as they are.
/// </summary>
internal sealed class Owner(ulong inode, int index)
{
    private readonly int[]?[] _pages = new int[]?[BinLayout.Kinds];

    public ulong Inode => inode;

    /// <summary>Its place in the table, by which pages know it.</summary>
    public int Index { get; set; } = index;

    /// <summary>Its memcg; null for pages that are charged to none, or to one that is not visible here.</summary>
    public Memcg? Memcg { get; set; }

    /// <summary>Who has its pages since it was removed.</summary>
    public Owner? Heir { get; set; }

    /// <summary>Its idle pages.</summary>
    public long TotalPages { get; private set; }

    public PromotionCounts? Promotions { get; private set; }

    /// <summary>About what the runtime adds to the arrays and the objects.</summary>
    public long StateBytes
    {
        get
        {
            long bytes = 120 + (Promotions is null ? 0 : PromotionCounts.StateBytes);
            foreach (int[]? pages in _pages)
                bytes += pages is null ? 0 : (PassMark.Count * sizeof(int)) + 24;
            return bytes;
        }
    }

    /// <summary>Idle pages of a kind by <see cref="PassMark"/>; empty where there never was one.</summary>
    public ReadOnlySpan<int> Pages(PageKind kind) => _pages[(int)kind];

    public void Add(PageKind kind, byte mark, int pages)
    {
        (_pages[(int)kind] ??= new int[PassMark.Count])[mark] += pages;
        TotalPages += pages;
    }

    /// <summary>Counts what was last seen touched in a pass as touched long ago.</summary>
    public void Retire(byte mark)
    {
        foreach (int[]? pages in _pages)
        {
            if (pages is null)
                continue;
            pages[PassMark.LongAgo] += pages[mark];
            pages[mark] = 0;
        }
    }

    public PromotionCounts MakePromotions() => Promotions ??= new PromotionCounts();

    /// <summary>Takes over all that another one has.</summary>
    public void Inherit(Owner other)
    {
        for (int kind = 0; kind < _pages.Length; kind++)
        {
            int[]? theirs = other._pages[kind];
            if (theirs is null)
                continue;
            int[] ours = _pages[kind] ??= new int[PassMark.Count];
            for (int mark = 0; mark < ours.Length; mark++)
                ours[mark] += theirs[mark];
            other._pages[kind] = null;
        }

        TotalPages += other.TotalPages;
        other.TotalPages = 0;
        if (other.Promotions is not null)
            MakePromotions().Add(other.Promotions);
    }
}
