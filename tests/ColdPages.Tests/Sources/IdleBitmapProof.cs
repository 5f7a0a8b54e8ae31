using ColdPages.Simulation;

namespace ColdPages.Tests;

/// <summary>
/// Holds what a pass left against the truth: folio by folio, and in sum. What the kernel hides is allowed for one by one, and nothing else is.
/// </summary>
internal sealed class IdleBitmapProof
{
    private readonly IdleBitmapRun _run;
    private readonly IdleBitmapTruth _truth;
    private readonly IdleBitmapRecount _recount;
    private readonly IdleBitmapPromotions _promotions;
    private TrackedFolio?[] _tracked = [];

    public IdleBitmapProof(IdleBitmapRun run, IdleBitmapTruth truth)
    {
        _run = run;
        _truth = truth;
        _recount = new IdleBitmapRecount(run);
        _promotions = new IdleBitmapPromotions(run, truth);
    }

    /// <summary>Pages found to be told wrongly so far, all of them within what the doubts said.</summary>
    public long DoubtedPages { get; private set; }

    /// <summary>Folios whose age was found to be exact so far.</summary>
    public long ExactFolios { get; private set; }

    public IdleBitmapPromotions Promotions => _promotions;

    public void Restart()
    {
        _tracked = [];
        _promotions.Restart();
    }

    public void Check()
    {
        _recount.Count();
        if (_tracked.Length != _run.Host.Frames)
            _tracked = new TrackedFolio?[_run.Host.Frames];
        Array.Clear(_tracked);
        foreach (TrackedFolio folio in _recount.Folios)
            _tracked[folio.Frame] = folio;
        bool isClean = NothingIsToldOlderThanItIs();
        UndisturbedPagesHaveTheirExactAge();
        HistogramsAreWhole();
        if (isClean)
            HistogramsAreNotOlderThanTheTruth();
        _promotions.Check(_recount.Folios, _tracked);
    }

    private int Pass => _run.Clock.Current;

    // The pass that a mark is for; for what is longer ago than ages are told, the last one that it may be.
    private int PassOf(byte mark) => Pass - PassMark.AgeAt(Pass, mark);

    private bool NothingIsToldOlderThanItIs()
    {
        long wrong = 0;
        bool isClean = true;
        foreach (TrackedFolio told in _recount.Folios)
        {
            long pages = WrongPages(told, out bool isAllowed);
            isClean &= pages == 0;
            if (!isAllowed)
                wrong += pages;
        }

        long doubtful = _run.DoubtfulPages;
        Assert.True(wrong <= doubtful, $"Pass {Pass}: {wrong} pages are told to be idle for longer than they are, and {doubtful} are in doubt.");
        DoubtedPages += wrong;
        return isClean;
    }

    /// <summary>Of a tracked folio: pages that are not what they are told to be, or were touched since they are told to have been last.</summary>
    private long WrongPages(TrackedFolio told, out bool isAllowed)
    {
        isAllowed = true;
        ref readonly SeenFolio seen = ref _truth.Now(told.Frame);
        if (seen.Folio is null)
        {
            isAllowed = _truth.IsRaced(told.Frame);
            return told.Identity.Pages;
        }

        bool isOwner = told.Owner.Inode == seen.Inode;
        if (isOwner)
            seen.History.ChangedHands = false;
        bool isTooOld = seen.TouchedAt > _run.EndOf(PassOf(told.Mark));
        bool isKind = told.Identity.Kind == seen.Folio.Kind;
        int pages = Math.Min(told.Identity.Pages, 1 << seen.Order);
        if (isOwner && isKind && !isTooOld && pages == told.Identity.Pages)
            return 0;

        // What changed while the pass was under way is put right by the next one.
        if (_truth.IsRaced(told.Frame))
            return told.Identity.Pages;

        // A folio that is off its list or locked is not looked at; the touch comes to light as soon as it is. Locks are held for one pass at most here, and the
        // source waits no longer for what is off its list.
        if (seen.IsOffList && seen.History.SparedAt < Pass - 1)
        {
            seen.History.SparedAt = Pass;
            isTooOld = false;
        }

        if (seen.IsLocked)
            isTooOld = false;

        // MADV_FREE and MADV_COLD throw the evidence of touches away.
        if (seen.History.LostTouch == seen.TouchNumber)
            isTooOld = false;

        // cgroup v1 can move charges, and nothing tells; ages stay right, and whose the page is shows when it is asked about again.
        if (seen.History.ChangedHands)
            isOwner = true;
        isAllowed = isOwner && isKind && !isTooOld && pages == told.Identity.Pages;
        return isAllowed || !(isOwner && isKind && !isTooOld) ? told.Identity.Pages : told.Identity.Pages - pages;
    }

    private void UndisturbedPagesHaveTheirExactAge()
    {
        for (int frame = 0; frame < _tracked.Length; frame++)
        {
            ref readonly SeenFolio seen = ref _truth.Now(frame);
            if (seen.Folio is null)
                continue;
            if (seen.History.IsExact && !_truth.IsRaced(frame))
                IsExact(frame, in seen);
            frame += (1 << seen.Order) - 1;
        }
    }

    private void IsExact(int frame, in SeenFolio seen)
    {
        if (_tracked[frame] is { } told)
        {
            // A frame that had an idle page before may hide what came there by migration; that is in the doubts.
            if (seen.History.LastSeen < Pass)
            {
                Assert.Equal((seen.Inode, seen.Folio!.Kind, seen.Order), (told.Owner.Inode, told.Identity.Kind, told.Identity.Order));
                Assert.Equal(seen.History.LastSeen, PassOf(told.Mark));
                ExactFolios++;
                return;
            }

            Assert.Fail($"Pass {Pass}: {seen.Folio} of {seen.Memcg} was touched just now and is told to be idle since {PassOf(told.Mark)}.");
        }

        // Nor is a page marked that is thought to be part of a larger folio, one that was split.
        FrameBlock? block = _run.PageAges.Block(frame / IdleBitmap.BlockFrames);
        int inBlock = frame % IdleBitmap.BlockFrames;
        if (_run.Crowded > 0 || (block is not null && (block.Covered[inBlock >> 6] & (1UL << (inBlock & 63))) != 0))
        {
            seen.History.IsExact = false;
            return;
        }

        Assert.True(
            seen.History.LastSeen == Pass,
            $"Pass {Pass}: {seen.Folio} of {seen.Memcg} was last seen touched in {seen.History.LastSeen} and is not told to be idle.");
    }

    private void HistogramsAreWhole()
    {
        Dictionary<SimulatedMemcg, long[]> lists = PagesOnLists();
        foreach (Memcg memcg in _run.Tree.InOrder)
        {
            SimulatedMemcg? simulated = _run.Host.FindMemcg(System.Text.Encoding.UTF8.GetString(memcg.Path));
            long[] values = _run.Values(memcg);
            for (PageKind kind = PageKind.Anon; (int)kind < BinLayout.Kinds; kind++)
            {
                long told = Sum(values, kind, firstBin: 0);
                long idle = _recount.IdleBytes(_run.Owners.Of(memcg), kind);
                Assert.Equal(idle, Sum(values, kind, firstBin: 1));

                // What happens between the pieces of a pass is in one number, and not yet in another.
                if (_truth.WasRaced || _run.Host.Options.StatLag > 0)
                    continue;
                long[]? pages = simulated is null ? null : lists.GetValueOrDefault(simulated);
                Assert.Equal(Math.Max(idle, (pages?[(int)kind] ?? 0) * _run.Host.PageSize), told);
            }
        }

        long[] unattributed = _run.Values(null);
        for (PageKind kind = PageKind.Anon; (int)kind < BinLayout.Kinds; kind++)
            Assert.Equal(_run.Owners.All.Where(owner => owner.Memcg is null).Sum(owner => _recount.IdleBytes(owner, kind)), Sum(unattributed, kind, firstBin: 0));
    }

    // Page cache and shared memory are counted by what they are, on a list or not, and anonymous memory is the rest of the lists.
    private Dictionary<SimulatedMemcg, long[]> PagesOnLists()
    {
        Dictionary<SimulatedMemcg, long[]> lists = [];
        foreach (SimulatedFolio folio in _run.Host.Memory.Folios())
        {
            if (folio.Memcg is not { } memcg)
                continue;
            if (!lists.TryGetValue(memcg, out long[]? pages))
                lists[memcg] = pages = new long[BinLayout.Kinds];
            if (folio.Kind != PageKind.Anon)
                pages[(int)folio.Kind] += folio.Pages;
            bool isCounted = folio.Lru is LruState.OnList or LruState.InMoveBatch;
            pages[(int)PageKind.Anon] += (isCounted ? folio.Pages : 0) - (folio.Kind == PageKind.Anon ? 0 : folio.Pages);
        }

        foreach (long[] pages in lists.Values)
            pages[(int)PageKind.Anon] = Math.Max(0, pages[(int)PageKind.Anon]);
        return lists;
    }

    private static long Sum(long[] values, PageKind kind, int firstBin)
    {
        long sum = 0;
        for (int i = (firstBin * BinLayout.Stride) + (int)kind; i < values.Length; i += BinLayout.Stride)
            sum += values[i];
        return sum;
    }

    // As a caller sees it: by memcg, by kind, for every age that there is an edge for.
    private void HistogramsAreNotOlderThanTheTruth()
    {
        TimeSpan[] edges = _run.Clock.Edges(_run.Source.Bins - 1);
        Dictionary<(ulong Inode, PageKind Kind), long[]> truth = [];
        for (int frame = 0; frame < _tracked.Length; frame++)
        {
            ref readonly SeenFolio seen = ref _truth.Now(frame);
            if (seen.Folio is null)
                continue;
            if (!truth.TryGetValue((seen.Inode, seen.Folio.Kind), out long[]? bytes))
                truth[(seen.Inode, seen.Folio.Kind)] = bytes = new long[edges.Length];
            TimeSpan idle = _run.Host.TimeProvider.GetElapsedTime(seen.TouchedAt, _run.Clock.CurrentStart);
            for (int bin = 1; bin < edges.Length && edges[bin] <= idle; bin++)
                bytes[bin] += (long)_run.Host.PageSize << seen.Order;
        }

        foreach (Memcg memcg in _run.Tree.InOrder)
        {
            AgeHistogram ages = _run.Ages(memcg);
            for (PageKind kind = PageKind.Anon; (int)kind < BinLayout.Kinds; kind++)
            {
                long older = long.MaxValue;
                for (int bin = 1; bin < edges.Length; bin++)
                {
                    ByteBounds told = ages.BytesOlderThan(edges[bin], kind);
                    Assert.True(told.AtLeast <= (truth.GetValueOrDefault((memcg.Inode, kind))?[bin] ?? 0));
                    Assert.True(told.AtLeast <= older);
                    older = told.AtLeast;
                }
            }
        }
    }
}
