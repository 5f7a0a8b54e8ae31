using ColdPages.Simulation;

namespace ColdPages.Tests;

/// <summary>Holds the promotions that each pass of the source mglru counted against what was truly touched after it had been idle.</summary>
internal sealed class MultiGenLruPromotions(MultiGenLruRun run)
{
    private readonly Dictionary<SimulatedFolio, Seen> _before = [];
    private readonly Dictionary<SimulatedMemcg, Told> _told = [];
    private readonly HashSet<SimulatedFolio> _shown = [];

    // What was off its list when the last pass ended may come back among the old ones. Of what waits in a batch, perhaps for several passes, no count tells.
    private bool _hadUnlisted;
    private ILookup<SimulatedMemcg?, SimulatedFolio> _waiting = Array.Empty<SimulatedFolio>().ToLookup(folio => folio.Memcg);

    /// <summary>Passes that counted some for certain.</summary>
    public int Bounded { get; private set; }

    /// <summary>Passes of memcgs that were exact, had to be, and had some.</summary>
    public int Exact { get; private set; }

    private readonly record struct Seen(SimulatedMemcg Memcg, int Touched, int LooksTouched, long TouchNumber, bool IsHidden, bool IsPassedOver);

    private sealed class Told
    {
        public long[] AtLeast { get; set; } = [];

        public long[] AtMost { get; set; } = [];

        /// <summary>By age and older, since promotions were told last.</summary>
        public List<long> MayBe { get; set; } = [];

        public List<long> Shown { get; set; } = [];

        public int MaskedAt { get; set; } = -9;

        public bool IsExact { get; set; }

        public bool WasExact { get; set; }
    }

    /// <summary>Before a pass: whose accessed bits it will find.</summary>
    public void BeforePass()
    {
        _shown.Clear();
        foreach (SimulatedFolio folio in run.Host.Folios)
        {
            bool isKnown = !run.Host.Options.HasNewLruGen || folio.Has(FolioFlags.Referenced) || folio.Has(FolioFlags.WorkingSet);
            if (isKnown && folio.Generations is { Memcg: var memcg } && AccessedFrom(folio, memcg, busy: false))
                _shown.Add(folio);
        }
    }

    /// <summary>What else stands in the way of telling a memcg's promotions in this pass.</summary>
    public void Note(SimulatedMemcg memcg, bool isMasked, bool isExact)
    {
        Told told = ToldOf(memcg);
        told.MaskedAt = isMasked ? run.Pass : told.MaskedAt;
        (told.WasExact, told.IsExact) = (told.IsExact, isExact);
    }

    /// <summary>A memcg hands what it had to the one above it.</summary>
    public void Inherit(SimulatedMemcg parent, SimulatedMemcg removed)
    {
        Told told = ToldOf(parent);
        Told left = ToldOf(removed);
        told.AtLeast = Sum(told.AtLeast, left.AtLeast);
        told.AtMost = Sum(told.AtMost, left.AtMost);
        told.MayBe = [.. Sum(told.MayBe, left.MayBe)];
        told.Shown = [.. Sum(told.Shown, left.Shown)];
        told.MaskedAt = Math.Max(told.MaskedAt, left.MaskedAt);
    }

    public void Check(IEnumerable<SimulatedMemcg> memcgs)
    {
        foreach ((SimulatedFolio folio, Seen seen) in _before)
            Count(folio, seen);
        foreach (SimulatedMemcg memcg in memcgs)
            Check(memcg);
        _before.Clear();
        _hadUnlisted = run.Host.Folios.Any(folio => folio.Lru is LruState.Isolated or LruState.InAddBatch);
        _waiting = run.Host.Folios.Where(folio => folio.Lru == LruState.InAddBatch).ToLookup(folio => folio.Memcg);
        foreach (SimulatedFolio folio in run.Host.Folios)
        {
            if (folio.Generations is not { Memcg: { IsRemoved: false } memcg } || folio.IsOnFileList)
                continue;
            FolioTruth truth = run.TruthOf(folio);
            bool isPassedOver = truth.WasAccessed && AccessedFrom(folio, memcg, busy: true);
            _before[folio] = new Seen(memcg, truth.Touched, Math.Max(truth.Touched, truth.MadeYounger), folio.TouchNumber, truth.HiddenTouch == folio.TouchNumber || isPassedOver, isPassedOver);
        }
    }

    private static void Add(List<long> sums, int oldest, long bytes)
    {
        for (int age = 1; age <= oldest; age++)
        {
            while (sums.Count <= age)
                sums.Add(0);
            sums[age] += bytes;
        }
    }

    private static long[] Sum(IReadOnlyList<long> a, IReadOnlyList<long> b) =>
        [.. Enumerable.Range(0, Math.Max(a.Count, b.Count)).Select(i => a.ElementAtOrDefault(i) + b.ElementAtOrDefault(i))];

    private static long At(List<long> sums, int age) => age < sums.Count ? sums[age] : 0;

    private bool AccessedFrom(SimulatedFolio folio, SimulatedMemcg memcg, bool busy)
    {
        for (ulong left = folio.AccessedBy & folio.MappedBy; left != 0; left &= left - 1)
        {
            SimulatedProcess process = run.Host.Processes.Of(folio, left & (~left + 1));
            if (process.Memcg == memcg && process.IsBusy == busy)
                return true;
        }

        return false;
    }

    private Told ToldOf(SimulatedMemcg memcg)
    {
        if (!_told.TryGetValue(memcg, out Told? told))
            _told[memcg] = told = new Told();
        return told;
    }

    private void Count(SimulatedFolio folio, Seen seen)
    {
        bool isTouched = folio.TouchNumber != seen.TouchNumber;
        Told told = ToldOf(seen.Memcg);
        if (isTouched || seen.IsPassedOver)
            Add(told.MayBe, seen.IsHidden ? run.Pass : run.Pass - 1 - seen.Touched, folio.Bytes);
        if (isTouched && _shown.Contains(folio) && !folio.IsFree && folio.Generations?.Memcg == seen.Memcg && !folio.IsOnFileList)
            Add(told.Shown, run.Pass - 1 - seen.LooksTouched, folio.Bytes);
    }

    private void Check(SimulatedMemcg memcg)
    {
        if (!run.Snapshot.TryGetMemcg(memcg.Path, out MemcgAges ages))
            return; // It has no bytes to tell of: its promotions are told again when it has.
        Told told = ToldOf(memcg);
        long[] values = new long[run.Snapshot.Data.PromotionValues];
        run.Snapshot.Data.SumPromotions(ages.Index, MemcgScope.Local, values);
        int bins = values.Length / 2;
        long[] atLeast = new long[bins + 1];
        long[] atMost = new long[bins + 1];
        for (int bin = bins - 1; bin >= 0; bin--)
        {
            Assert.True(values[bin * 2] <= values[(bin * 2) + 1]);
            atLeast[bin] = atLeast[bin + 1] + values[bin * 2];
            atMost[bin] = atMost[bin + 1] + values[(bin * 2) + 1];
        }

        long hidden = _waiting[memcg].Sum(folio => folio.Bytes);
        for (int age = 1; age < bins; age++)
        {
            long least = atLeast[age] - told.AtLeast.ElementAtOrDefault(age);
            long most = atMost[age] - told.AtMost.ElementAtOrDefault(age);
            string what = $"{memcg}, pass {run.Pass}, promoted after {age} passes or more: {least} to {most}";
            Assert.True(least <= At(told.MayBe, age) || told.MaskedAt >= run.Pass - 2, $"{what} where at most {At(told.MayBe, age)} were.");
            Assert.True(most >= At(told.Shown, age) - hidden, $"{what} where at least {At(told.Shown, age)} were.");
            Bounded += least > 0 ? 1 : 0;
        }

        if (told is { IsExact: true, WasExact: true } && bins > 1)
            CheckExact(memcg, told, atLeast[1] - told.AtLeast.ElementAtOrDefault(1), atMost[1] - told.AtMost.ElementAtOrDefault(1));
        (told.AtLeast, told.AtMost) = (atLeast, atMost);
        told.MayBe.Clear();
        told.Shown.Clear();
    }

    // Nothing but touches happened: which of the old ones were touched is all that is not known.
    private void CheckExact(SimulatedMemcg memcg, Told told, long atLeast, long atMost)
    {
        KeyValuePair<SimulatedFolio, Seen>[] before = [.. _before.Where(pair => pair.Value.Memcg == memcg)];
        if (run.WasRaced || before.Any(pair => pair.Key.IsFree || pair.Key.Generations?.Memcg != memcg) || _hadUnlisted || run.Host.Folios.Any(folio => folio.Lru == LruState.Isolated))
            return;
        long all = At(told.Shown, 1);
        long old = before.Where(pair => pair.Value.Touched < run.Pass - 2).Sum(pair => pair.Key.Bytes);
        Assert.Equal((memcg.Path, run.Pass, all), (memcg.Path, run.Pass, atLeast));
        Assert.InRange(atMost, all, all + Math.Min(all, old));
        Exact += all > 0 ? 1 : 0;
    }
}
