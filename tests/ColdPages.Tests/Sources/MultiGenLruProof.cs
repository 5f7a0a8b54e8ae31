using ColdPages.Simulation;

namespace ColdPages.Tests;

/// <summary>Holds what the source mglru tells of every memcg and age against the truth.</summary>
internal sealed class MultiGenLruProof(MultiGenLruRun run)
{
    private readonly Dictionary<SimulatedMemcg, int> _disturbed = [];
    private readonly HashSet<GenerationLists> _used = [];

    /// <summary>Ages of memcgs that were exact, and had to be.</summary>
    public int Exact { get; private set; }

    /// <summary>Lower bounds that said anything.</summary>
    public int Bounded { get; private set; }

    public MultiGenLruPromotions Promotions { get; } = new(run);

    private SimulatedHost Host => run.Host;

    /// <summary>Notes that something happened to a memcg's generations, or to what is in them, that leaves its ages bounds for a while.</summary>
    public void Disturb(SimulatedMemcg? memcg)
    {
        if (memcg is not null)
            _disturbed[memcg] = run.Pass + 1;
    }

    public void Check(IEnumerable<SimulatedMemcg> memcgs)
    {
        ILookup<SimulatedMemcg, SimulatedFolio> listed = Host.Folios.Where(folio => folio.Generations is not null).ToLookup(folio => folio.Generations!.Memcg.Living);
        foreach (SimulatedMemcg memcg in memcgs)
            Check(memcg, [.. listed[memcg]]);
        Promotions.Check(memcgs);
        Assert.Equal(0, Host.Files.OpenFiles);
    }

    private void Check(SimulatedMemcg memcg, SimulatedFolio[] folios)
    {
        AgeHistogram told = run.Ages(memcg);
        Assert.Equal(folios.Sum(folio => folio.Bytes), told.Count == 0 ? 0 : told.TotalBytes);
        Assert.Equal(folios.Where(folio => !folio.IsOnFileList).Sum(folio => folio.Bytes), told.Sum(bin => bin.AnonBytes));
        bool hasEmptied = folios.Length == 0;
        foreach (GenerationLists lists in memcg.Generations)
        {
            if (lists.Folios.Count > 0)
                _used.Add(lists);
            else
                hasEmptied |= _used.Contains(lists);
        }

        if (hasEmptied)
            Disturb(memcg); // Nobody makes generations of what is not there: its record begins anew with the next page.
        bool isExact = IsExact(memcg, folios);
        bool isMasked = MappedTwiceOrOfOthers(memcg, folios) > 0;
        Promotions.Note(memcg, isMasked, isExact);
        for (int bin = 1; bin < told.Count; bin++)
        {
            int since = run.Pass - bin;
            ByteBounds bounds = told.BytesOlderThan(told[bin].From);
            long mayBeIdle = folios.Where(folio => MayBeIdleSince(folio, since)).Sum(folio => folio.Bytes);
            long looksIdle = folios.Where(folio => LooksIdleSince(folio, since)).Sum(folio => folio.Bytes);
            Assert.True(isMasked || bounds.AtLeast <= mayBeIdle, $"{memcg}, pass {run.Pass}, idle for {bin} passes: {bounds} where at most {mayBeIdle} are.");
            Assert.True(bounds.AtMost >= looksIdle, $"{memcg}, pass {run.Pass}, idle for {bin} passes: {bounds} where at least {looksIdle} are.");
            Bounded += bounds.AtLeast > 0 ? 1 : 0;

            // The kernel itself tells two ages apart, and what is older.
            if (!isExact || bin > 2)
                continue;
            Assert.Equal((memcg.Path, bin, new ByteBounds(looksIdle, looksIdle)), (memcg.Path, bin, bounds));
            Exact++;
        }
    }

    // Since the end of a pass, but for touches that nothing tells of.
    private bool MayBeIdleSince(SimulatedFolio folio, int pass)
    {
        FolioTruth truth = run.TruthOf(folio);
        return truth.Touched <= pass || truth.HiddenTouch == folio.TouchNumber || IsPassedOver(folio, truth);
    }

    private bool LooksIdleSince(SimulatedFolio folio, int pass)
    {
        FolioTruth truth = run.TruthOf(folio);
        return Math.Max(truth.Touched, truth.MadeYounger) <= pass;
    }

    // Its process was busy at the last pass, and the accessed bit is still there.
    private bool IsPassedOver(SimulatedFolio folio, FolioTruth truth)
    {
        if (!truth.WasAccessed)
            return false;
        for (ulong left = folio.AccessedBy; left != 0; left &= left - 1)
        {
            if (Host.Processes.Of(folio, left & (~left + 1)).IsBusy)
                return true;
        }

        return false;
    }

    // What its processes map is all that tells how much of a memcg's anonymous memory they see: what several of them map counts more than once, and so does what others are charged for. So
    // much that is mapped elsewhere alone goes unnoticed.
    private long MappedTwiceOrOfOthers(SimulatedMemcg memcg, SimulatedFolio[] folios)
    {
        long mapped = Host.Processes.All.Where(process => process.Memcg == memcg).Sum(process => process.Mapped(PageKind.Anon));
        return mapped - folios.Where(folio => folio.Kind == PageKind.Anon && IsMappedFrom(folio, memcg)).Sum(folio => folio.Pages - folio.UnmappedTails);
    }

    private bool IsMappedFrom(SimulatedFolio folio, SimulatedMemcg memcg)
    {
        for (ulong left = folio.MappedBy; left != 0; left &= left - 1)
        {
            if (Host.Processes.Of(folio, left & (~left + 1)).Memcg == memcg)
                return true;
        }

        return false;
    }

    // Anonymous memory that its own process alone maps, on a host with swap, where nothing else happened for as long as the generations reach back.
    private bool IsExact(SimulatedMemcg memcg, SimulatedFolio[] folios) =>
        Host.FreeSwapPages > 0 && memcg.Process.Memcg == memcg && !memcg.Process.IsBusy && _disturbed.GetValueOrDefault(memcg, -9) <= run.Pass - 3
        && folios.All(folio => folio.Kind == PageKind.Anon && !folio.IsOnFileList && folio.MappedBy == SimulatedProcess.OwnBit && folio.Charged == memcg
            && (!Host.Options.HasNewLruGen || folio.Has(FolioFlags.WorkingSet)) && run.TruthOf(folio).UnlistedAt < run.Pass - 3)
        && Host.Memory.Folios().All(folio => folio.Charged != memcg || folio.Generations is not null);
}
