namespace ColdPages;

/// <summary>
/// How old memory may be, from the generations that the kernel makes by itself under memory pressure; nothing is changed on the host. Since the last one was made any page may have been touched, so nothing is certainly idle. The upper
/// bound is an estimate: the kernel's own walks pass over page tables where little was touched before, and find some touches late.
/// </summary>
internal sealed class PassiveGenerationsSource(KernelFiles files, MemcgTree tree) : AgeSource(files, tree)
{
    private readonly MemcgGenerations _memcgs = new(files, tree);

    // By row of their memcg, and where those of a row begin.
    private readonly List<Generation> _generations = [];
    private int[] _first = [];
    private int _bins = 1;
    private int _malformed;
    private bool _hasSwap;

    private readonly record struct Generation(int Row, int OldestBin, long AnonPages, long FilePages);

    public override ColdPageSource Kind => ColdPageSource.MultiGenLru;

    public override string Attribution => "charge";

    public override IReadOnlyDictionary<PageKind, PageKind> KindsMerged => MultiGenLruSource.Merged;

    public override IReadOnlyList<string> Notes { get; } =
    [
        "Passive: the kernel's own generations are read and none are made. They tell about how old memory may be; whatever was touched since the kernel last made one looks as before, so nothing is certainly idle, and the kernel finds some touches late, so that a little may be older than it can be here.",
        "Shared memory is counted as anonymous. Of page cache the generations tell no age: reads by read(2) move no page to a younger one.",
    ];

    public override long StateBytes =>
        (_generations.Capacity * (long)System.Runtime.CompilerServices.Unsafe.SizeOf<Generation>()) + (_first.Length * (long)sizeof(int));

    public override int Bins => _bins;

    public override Problem? Pass(PassClock clock, CancellationToken cancellationToken)
    {
        _generations.Clear();
        _bins = Math.Min(clock.Current, PassClock.MaxPasses) + 1;
        _hasSwap = MemInfo.Read(Files).SwapFree > 0;
        if (!LruGen.IsEnabled(Files))
            return GenerationRefusals.SwitchedOff(Files);
        using FileText text = FileText.Rent();
        Errno error = _memcgs.Load(text);
        Cost.Read(LruGen.Name, text.Bytes.Length);
        if (error != Errno.None)
            return new Problem($"{Files.Display(LruGen.Name)} could not be read: {error.Describe()}.", "See that debugfs is still mounted, and that this process is still root.");
        LruGenText rows = new(text.Bytes);
        Memcg? memcg = null;
        int place = 0;
        while (rows.MoveNext())
        {
            LruGeneration row = rows.Current;
            if (row.IsFirst)
                memcg = _memcgs.Find(row) ?? _memcgs.FindHeir(row);
            place = row.IsFirst ? 0 : place + 1;
            if (memcg is not null && row.AnonPages + row.FilePages > 0)
                _generations.Add(new Generation(memcg.Row, OldestBin(clock, row, place), row.AnonPages, row.FilePages));
        }

        _malformed = rows.Malformed;
        _generations.Sort(static (a, b) => a.Row.CompareTo(b.Row));
        if (_first.Length <= Tree.Rows)
            _first = new int[Math.Max(Tree.Rows + 1, _first.Length * 2)];
        Array.Fill(_first, _generations.Count);
        for (int i = _generations.Count - 1; i >= 0; i--)
            _first[_generations[i].Row] = i;
        return null;
    }

    public override void CopyAges(Memcg? memcg, Span<long> values)
    {
        values.Clear();
        if (memcg is null)
            return;
        int bins = values.Length / BinLayout.Stride;
        for (int i = memcg.Row < _first.Length ? _first[memcg.Row] : _generations.Count; i < _generations.Count && _generations[i].Row == memcg.Row; i++)
        {
            Generation generation = _generations[i];
            values[(int)PageKind.Anon] += generation.AnonPages * Files.PageSize;
            values[(int)PageKind.File] += generation.FilePages * Files.PageSize;
            for (int bin = 1; bin < bins; bin++)
                values[(bin * BinLayout.Stride) + BinLayout.Excess] += (generation.FilePages + (bin <= generation.OldestBin ? generation.AnonPages : 0)) * Files.PageSize;
        }
    }

    public override void AddDoubts(List<Doubt> doubts)
    {
        doubts.Add(new Doubt("The kernel's own generations tell about how old memory may be: nothing of it is certainly idle.", Doubt.AllBytes));
        if (_malformed > 0)
            doubts.Add(new Doubt($"{_malformed} lines of {Files.Display(LruGen.Name)} could not be understood; what they tell of is not counted.", 0));
    }

    // The oldest generation has whatever is older too, and reclaim moves pages that it does not take to the one above (sort_folio in mm/vmscan.c). In the others pages were put when they came or were found touched, which was after
    // the generation was begun; but for the length of the walk that found them. Without swap the kernel puts its coldest pages among the youngest.
    private int OldestBin(PassClock clock, in LruGeneration row, int place)
    {
        const int UnsortedGenerations = 2;
        TimeSpan walk = TimeSpan.FromSeconds(1);
        if (place < UnsortedGenerations || !_hasSwap)
            return _bins - 1;
        TimeSpan age = TimeSpan.FromMilliseconds(Math.Min(row.AgeMilliseconds, long.MaxValue / 20_000)) + walk;
        int bin = 0;
        while (bin + 1 < _bins && clock.AgeOf(bin + 1) <= age)
            bin++;
        return bin;
    }
}
