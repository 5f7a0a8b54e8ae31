namespace ColdPages;

/// <summary>
/// Whoever pages are charged to, by the inode that the kernel gives, and its idle pages by kind and by the pass in which they were last seen touched. As long as pages stay idle these
/// numbers stay as they are.
/// </summary>
internal sealed class Owner(ulong inode, int index)
{
    private readonly int[]?[] _pages = new int[]?[BinLayout.Kinds];

    // Passes that its pages did not grow older in, a bit a mark; none where there was no such pass. And the ages that follow from them at a pass.
    private ulong[]? _held;
    private int[]? _ages;
    private int _agesAt = -1;
    private bool _hasInherited;

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
            long bytes = 128 + (Promotions is null ? 0 : PromotionCounts.StateBytes) + (_held is null ? 0 : (PassMark.Count / 8) + 24) + (_ages is null ? 0 : (PassMark.Count * sizeof(int)) + 24);
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

    /// <summary>Whether it took over pages since this was asked last: what was seen of them before cannot be asked of the one who had them.</summary>
    public bool TakeInherited()
    {
        bool has = _hasInherited;
        _hasInherited = false;
        return has;
    }

    /// <summary>Lets its pages grow no older in a pass: what was seen of them in it may be wrong.</summary>
    public void Hold(byte mark)
    {
        (_held ??= new ulong[PassMark.Count / 64])[mark / 64] |= 1UL << (mark % 64);
        _agesAt = -1;
    }

    /// <summary>Forgets that a pass was held: its mark is to be used again.</summary>
    public void Release(byte mark)
    {
        if (_held is null)
            return;
        _held[mark / 64] &= ~(1UL << (mark % 64));
        _agesAt = -1;
        if (!_held.AsSpan().ContainsAnyExcept(0UL))
            _held = null;
    }

    /// <summary>In how many passes after the one of a mark, up to another, its pages grew older: those that were not held.</summary>
    public int AgeAt(int pass, byte mark)
    {
        if (_held is null)
            return PassMark.AgeAt(pass, mark);
        if (_agesAt != pass)
            SetAges(pass);
        return _ages![mark];
    }

    /// <summary>Its pages that are told to be idle since before a pass that was held: a touch that came just before that one may be missing.</summary>
    public long PagesFromBeforeHeld(int pass)
    {
        if (_held is null)
            return 0;
        int clean = 0;
        while (clean < Math.Min(pass, PassClock.MaxPasses) && !IsHeld(PassMark.Of(pass - clean)))
            clean++;
        long from = 0;
        foreach (int[]? pages in _pages)
        {
            for (int mark = 0; pages is not null && mark < pages.Length; mark++)
                from += PassMark.AgeAt(pass, (byte)mark) > clean ? pages[mark] : 0;
        }

        return from;
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

        for (int word = 0; other._held is not null && word < other._held.Length; word++)
            (_held ??= new ulong[PassMark.Count / 64])[word] |= other._held[word];
        _agesAt = -1;

        _hasInherited |= other.TotalPages > 0;
        TotalPages += other.TotalPages;
        other.TotalPages = 0;
        if (other.Promotions is not null)
            MakePromotions().Add(other.Promotions);
    }

    private void SetAges(int pass)
    {
        _ages ??= new int[PassMark.Count];
        int age = 0;
        int oldest = Math.Min(pass, PassClock.MaxPasses);
        for (int ago = 0; ago <= oldest; ago++)
        {
            byte mark = PassMark.Of(pass - ago);
            _ages[mark] = age;
            age += IsHeld(mark) ? 0 : 1;
        }

        _ages[PassMark.LongAgo] = _ages[PassMark.Of(pass - oldest)];
        _agesAt = pass;
    }

    private bool IsHeld(byte mark) => _held is not null && (_held[mark / 64] >> (mark % 64) & 1) != 0;
}
