using ColdPages.Simulation;

namespace ColdPages.Tests;

/// <summary>A tracker with the source mglru on a simulated host, and what is true of each folio, by passes.</summary>
internal sealed class MultiGenLruRun : IDisposable
{
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    private readonly Dictionary<SimulatedFolio, FolioTruth> _truths = [];
    private readonly ColdPageTracker _tracker;

    public MultiGenLruRun(SimulatedHost host)
    {
        Host = host;
        _tracker = ColdPageTracker.Open(new ColdPageTrackerOptions
        {
            Roots = host.Roots,
            TimeProvider = host.TimeProvider,
            Source = ColdPageSource.MultiGenLru,
            Interval = Interval,
        });
    }

    public SimulatedHost Host { get; }

    /// <summary>The pass that was made last; -1 before the first.</summary>
    public int Pass { get; private set; } = -1;

    /// <summary>Whether things happen in the middle of the pass.</summary>
    public bool WasRaced { get; set; }

    /// <summary>What the last pass told.</summary>
    public ColdPageSnapshot Snapshot { get; private set; } = null!;

    public void Dispose() => _tracker.Dispose();

    /// <summary>What is remembered of a folio.</summary>
    public FolioTruth TruthOf(SimulatedFolio folio)
    {
        if (!_truths.TryGetValue(folio, out FolioTruth? truth))
            _truths[folio] = truth = new FolioTruth();
        return truth;
    }

    /// <summary>Notes that the kernel takes it for younger than it is: it moves to a young generation without a touch.</summary>
    public void MakeYounger(SimulatedFolio folio) => TruthOf(folio).MadeYounger = Pass + 1;

    /// <summary>Notes a folio that came while a pass went on.</summary>
    public void NoteNew(SimulatedFolio folio)
    {
        FolioTruth truth = TruthOf(folio);
        (truth.Touched, truth.MadeYounger, truth.TouchNumber, truth.WasAccessed) = (Pass, Pass + 1, folio.TouchNumber, folio.Has(FolioFlags.Accessed));
    }

    /// <summary>Notes that the evidence of its last touch is thrown away, so that nothing can tell of it.</summary>
    public void HideTouch(SimulatedFolio folio)
    {
        FolioTruth truth = TruthOf(folio);
        if (truth.TouchNumber != folio.TouchNumber || folio.Has(FolioFlags.Accessed))
            truth.HiddenTouch = folio.TouchNumber;
    }

    /// <summary>Notes that a folio goes, perhaps to swap: what was touched since the last pass was so before it comes back.</summary>
    public void NoteGone(SimulatedFolio folio)
    {
        FolioTruth truth = TruthOf(folio);
        if (truth.TouchNumber != folio.TouchNumber)
            truth.Touched = Pass + 1;
        truth.TouchNumber = folio.TouchNumber;
    }

    /// <summary>Notes that a folio came back from swap as it went: nobody has touched it since.</summary>
    public void Recall(SimulatedFolio folio)
    {
        if (_truths.Values.FirstOrDefault(truth => truth.TouchNumber == folio.TouchNumber) is { } before)
            _truths[folio] = new FolioTruth { Touched = before.Touched, TouchNumber = before.TouchNumber };
    }

    public void Scan()
    {
        if (Pass >= 0)
            Host.Advance(Interval);
        Pass++;
        foreach (SimulatedFolio folio in Host.Folios)
        {
            FolioTruth truth = TruthOf(folio);
            if (truth.TouchNumber != folio.TouchNumber)
                truth.Touched = Pass;
            truth.TouchNumber = folio.TouchNumber;

            // What is put on its list again goes to a young generation then.
            bool isListed = folio.Generations is not null;
            if (!isListed || truth.UnlistedAt == Pass - 1)
                truth.MadeYounger = Pass;
            truth.UnlistedAt = isListed ? truth.UnlistedAt : Pass;

            // A touch from before the last pass that is seen only now, or may be: its process was busy or elsewhere then.
            if (folio.Has(FolioFlags.Accessed))
                truth.MadeYounger = Pass;
            // 7.2 only notes the first touch of what it does not know to be used, and forgets that in the oldest generation (folio_update_gen, folio_inc_gen).
            bool isKnown = folio.Has(FolioFlags.Referenced) || folio.Has(FolioFlags.WorkingSet);
            if (Host.Options.HasNewLruGen && !isKnown)
                HideTouch(folio);
            truth.WasAccessed = folio.Has(FolioFlags.Accessed);
        }

        _tracker.Scan(TestContext.Current.CancellationToken);
        Snapshot = _tracker.TakeSnapshot(TestContext.Current.CancellationToken);
        Assert.Null(Snapshot.Failure);
        Host.Advance(TimeSpan.FromMilliseconds(1));
    }

    public AgeHistogram Ages(SimulatedMemcg memcg) =>
        Snapshot.TryGetMemcg(memcg.Path, out MemcgAges ages) ? ages.Idle(MemcgScope.Local) : new AgeHistogram([], []);
}

/// <summary>When a folio was touched, and what stands in the way of seeing it.</summary>
internal sealed class FolioTruth
{
    /// <summary>The pass after its last touch.</summary>
    public int Touched { get; set; }

    public long TouchNumber { get; set; } = -1;

    /// <summary>The pass after it was moved to a younger generation than it belongs in.</summary>
    public int MadeYounger { get; set; } = -1;

    /// <summary>The last pass that it was on no list at: in a batch, isolated or locked.</summary>
    public int UnlistedAt { get; set; } = -9;

    /// <summary>The number of a touch that nothing tells of.</summary>
    public long HiddenTouch { get; set; } = -1;

    /// <summary>Whether some process had its accessed bit set when the last pass began.</summary>
    public bool WasAccessed { get; set; }
}
