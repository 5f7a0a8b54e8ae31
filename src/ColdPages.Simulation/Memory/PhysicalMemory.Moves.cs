namespace ColdPages.Simulation;

/// <content>What changes a folio's place, size or list: mm/vmscan.c, mm/migrate.c, mm/huge_memory.c, mm/khugepaged.c.</content>
internal sealed partial class PhysicalMemory
{
    /// <summary>Takes it off its LRU list; its flags stay.</summary>
    public void Isolate(SimulatedFolio folio)
    {
        ThrowIfFree(folio);
        if (folio.Lru == LruState.OnList)
            SetLru(folio, LruState.Isolated);
    }

    /// <summary>Puts it in a CPU's batch of folios to be moved, on a kernel that takes the LRU flag away meanwhile.</summary>
    public void QueueMove(SimulatedFolio folio)
    {
        ThrowIfFree(folio);
        if (folio.Lru == LruState.OnList)
            SetLru(folio, LruState.InMoveBatch);
    }

    /// <summary>Puts it back on its list, wherever it was kept.</summary>
    public void PutBack(SimulatedFolio folio)
    {
        ThrowIfFree(folio);
        if (folio.Lru is LruState.Isolated or LruState.InMoveBatch)
            SetLru(folio, LruState.OnList);
    }

    /// <summary>
    /// Moves it to other frames. All its flags go with it, the idle flag too, and so do its accessed bits. Then it waits in a batch, as a fresh one
    /// does.
    /// </summary>
    /// <param name="folio">The folio.</param>
    /// <param name="frame">Where; null for the lowest place there is.</param>
    public void Migrate(SimulatedFolio folio, int? frame = null)
    {
        ThrowIfFree(folio);
        if (folio.Use != FolioUse.User || folio.Lru == LruState.InAddBatch)
            throw new InvalidOperationException($"What is on no LRU list is not migrated: {folio}.");
        int place = FindPlace(folio.Order, frame);
        int old = folio.Frame;
        if (!Frames.IsFree(place, folio.Pages))
            throw new InvalidOperationException($"The frames from {place} on are not all free.");
        Frames.TakeBack(old, folio.Pages, FrameState.Buddy);
        folio.Frame = place;
        Frames.Give(folio);
        Count(folio, -1);
        LeaveGenerations(folio);
        AddToLru(folio);
        Count(folio, +1);
        _events[(int)VmEvent.PgMigrateSuccess] += folio.Pages;
        if (folio.Order == PmdOrder)
            _events[(int)VmEvent.ThpMigrationSuccess]++;
    }

    /// <summary>
    /// Processes unmap pages at the end of a large folio. They stay in it, and an anonymous folio waits to be split; only huge pages are counted for that
    /// in /proc/vmstat. Of a huge page of page cache or shared memory the whole mapping goes, and its accessed bit becomes the flag "referenced".
    /// </summary>
    public void UnmapTails(SimulatedFolio folio, int pages)
    {
        ThrowIfFree(folio);
        if (folio.Order == 0 || pages <= 0 || folio.UnmappedTails + pages >= folio.Pages || !folio.Has(FolioFlags.Mapped))
            throw new InvalidOperationException($"Not so many pages of it can be unmapped: {pages} of {folio}.");
        if (folio.Order == PmdOrder)
            _events[(int)VmEvent.ThpSplitPmd]++;
        if (folio.Order == PmdOrder && folio.Kind != PageKind.Anon)
        {
            Change(folio, 0, static (changed, _) =>
            {
                if (changed.Has(FolioFlags.Accessed))
                    changed.Set(FolioFlags.Referenced, on: true);
                changed.Set(FolioFlags.Mapped | FolioFlags.Accessed, on: false);
            });
            return;
        }

        bool first = folio.UnmappedTails == 0;
        Change(folio, pages, static (changed, value) => changed.UnmappedTails += value);
        if (!first || folio.Order == 1 || folio.Kind != PageKind.Anon)
            return;
        DeferredSplits[folio.Order]++;
        if (folio.Order == PmdOrder)
            _events[(int)VmEvent.ThpDeferredSplitPage]++;
    }

    /// <summary>
    /// Splits a large folio. Its head goes on as a smaller one, the other pieces are new and take over its flags, the idle flag too; anonymous
    /// pages that no process maps are freed. Pieces of a file are mapped by nobody afterwards, and what their accessed bits said is lost.
    /// </summary>
    /// <param name="folio">The folio.</param>
    /// <param name="order">What it is split into.</param>
    /// <returns>The pieces that are left, the head first.</returns>
    public List<SimulatedFolio> Split(SimulatedFolio folio, int order = 0)
    {
        ThrowIfFree(folio);
        if (order < 0 || order >= folio.Order || folio.Use != FolioUse.User || folio.Lru is not (LruState.OnList or LruState.Isolated))
            throw new InvalidOperationException($"It can't be split into 2^{order} pages: {folio}.");
        int oldOrder = folio.Order;
        int pages = folio.Pages;
        int mapped = pages - folio.UnmappedTails;
        Count(folio, -1);
        folio.Order = order;
        folio.UnmappedTails = 0;
        if (folio.Kind != PageKind.Anon)
            folio.Set(FolioFlags.Mapped | FolioFlags.Accessed, on: false);
        List<SimulatedFolio> pieces = [folio];
        for (int frame = folio.Frame + folio.Pages; frame < folio.Frame + pages; frame += folio.Pages)
            pieces.Add(PieceOf(folio, frame));
        foreach (SimulatedFolio piece in pieces)
        {
            if (piece.Has(FolioFlags.Mapped))
                piece.UnmappedTails = Math.Clamp(piece.Frame - folio.Frame + piece.Pages - mapped, 0, piece.Pages);
            Count(piece, +1);
        }

        CountSplit(oldOrder);
        foreach (SimulatedFolio piece in pieces)
        {
            if (piece.UnmappedTails == piece.Pages)
                Free(piece);
        }

        pieces.RemoveAll(static piece => piece.IsFree);
        return pieces;
    }

    /// <summary>khugepaged copies small folios of one memcg into a huge page and frees them. It is new: not idle, and mapped with its accessed bit set.</summary>
    /// <param name="small">What is collapsed; what is missing to a whole huge page was never mapped.</param>
    /// <param name="frame">Where; null for the lowest place there is.</param>
    public SimulatedFolio Collapse(IReadOnlyList<SimulatedFolio> small, int? frame = null)
    {
        if (small.Count == 0 || small.Any(folio => folio.IsFree || folio.Use != FolioUse.User || folio.Lru != LruState.OnList
            || folio.Charged != small[0].Charged || folio.Kind != small[0].Kind) || small.Sum(folio => folio.Pages) > 1 << PmdOrder)
        {
            throw new InvalidOperationException("Only folios of one memcg and kind, on the LRU and no more than a huge page holds, are collapsed.");
        }

        int place = FindPlace(PmdOrder, frame);
        SimulatedFolio huge = new(_host, FolioUse.User, small[0].Kind, small[0].Charged, place, PmdOrder)
        {
            Flags = FolioFlags.Mapped | FolioFlags.Accessed | (small[0].Kind == PageKind.File ? FolioFlags.None : FolioFlags.SwapBacked),
            Lru = LruState.OnList,
            TouchedAt = small.Max(folio => folio.TouchedAt),
            TouchNumber = small.Max(folio => folio.TouchNumber),
        };
        Frames.Give(huge);
        Count(huge, +1);
        CountEvent(huge, VmEvent.ThpCollapseAlloc, MemcgStat.ThpCollapseAlloc, 1);
        foreach (SimulatedFolio folio in small)
            Free(folio);
        DrainBatches();
        return huge;
    }

    private SimulatedFolio PieceOf(SimulatedFolio head, int frame)
    {
        SimulatedFolio piece = new(_host, head.Use, head.Kind, head.Charged, frame, head.Order)
        {
            Flags = head.Flags & ~FolioFlags.Locked,
            Lru = head.Lru,
            TouchedAt = head.TouchedAt,
            TouchNumber = head.TouchNumber,
            MappedBy = head.MappedBy,
            AccessedBy = head.AccessedBy,
            Generation = head.Generation,
            Generations = head.Generations,
        };
        Frames.SetFolio(piece);
        return piece;
    }

    // /proc/vmstat counts the splits of huge pages alone; all orders have counters of their own in sysfs.
    private void CountSplit(int order)
    {
        Splits[order]++;
        if (order == PmdOrder)
            _events[(int)VmEvent.ThpSplitPage]++;
    }
}
