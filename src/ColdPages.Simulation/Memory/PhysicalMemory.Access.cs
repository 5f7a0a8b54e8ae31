namespace ColdPages.Simulation;

/// <content>Touches, and those who clear the marks of touches: mm/page_idle.c, folio_mark_accessed, MADV_FREE, reclaim, DAMON, clear_refs.</content>
internal sealed partial class PhysicalMemory
{
    /// <summary>An access by an address. Nothing but the accessed bit of the page table tells of it.</summary>
    /// <param name="folio">The folio.</param>
    /// <param name="by">Who; null for the own process of the memcg that is charged.</param>
    public void Touch(SimulatedFolio folio, SimulatedProcess? by = null)
    {
        ThrowIfFree(folio);
        NoteTouch(folio);
        ulong bit = by?.Bit ?? SimulatedProcess.OwnBit;
        if ((folio.MappedBy & bit) == 0)
        {
            Change(folio, bit, static (changed, value) => changed.MappedBy |= value);
            CountFault(folio);
        }

        folio.AccessedBy |= bit;
    }

    /// <summary>An access that leaves no trace: by a child that reads inherited memory and exits before anybody looks, by a device, by a guest.</summary>
    public void TouchUnseen(SimulatedFolio folio)
    {
        ThrowIfFree(folio);
        NoteTouch(folio);
    }

    /// <summary>read(2): folio_mark_accessed clears the idle flag, and the second one in a row activates.</summary>
    public void Read(SimulatedFolio folio)
    {
        ThrowIfFree(folio);
        NoteTouch(folio);
        MarkAccessed(folio);
    }

    /// <summary>write(2) to page cache: the idle flag goes, and nothing else tells of it (FGP_WRITE of __filemap_get_folio).</summary>
    public void Write(SimulatedFolio folio)
    {
        ThrowIfFree(folio);
        NoteTouch(folio);
        folio.Set(FolioFlags.Idle, on: false);
    }

    /// <summary>munmap of page cache or shmem: what the accessed bit said is said by the page from now on.</summary>
    public void Unmap(SimulatedFolio folio)
    {
        if (folio.Kind == PageKind.Anon)
            throw new InvalidOperationException("Anonymous memory that is unmapped is freed.");
        if (folio.Has(FolioFlags.Mapped | FolioFlags.Accessed))
            MarkAccessed(folio);
        SetFlags(folio, FolioFlags.Mapped | FolioFlags.Accessed, on: false);
    }

    /// <summary>fork: a child maps what its parent does, and the accessed bits of its page table are clear (__copy_present_ptes of mm/memory.c).</summary>
    public void MapBy(SimulatedFolio folio, SimulatedProcess child)
    {
        ThrowIfFree(folio);
        Change(folio, child.Bit, static (changed, value) => changed.MappedBy |= value);
    }

    /// <summary>A process unmaps it, by itself or because it ends. Anonymous memory that nobody maps any more is freed.</summary>
    public void UnmapBy(SimulatedFolio folio, SimulatedProcess process)
    {
        ThrowIfFree(folio);
        if (folio.Kind != PageKind.Anon && (folio.AccessedBy & process.Bit) != 0)
            MarkAccessed(folio);
        folio.AccessedBy &= ~process.Bit;
        Change(folio, process.Bit, static (changed, value) => changed.MappedBy &= ~value);
        if (folio.Kind == PageKind.Anon && folio.MappedBy == 0)
            Free(folio);
    }

    /// <summary>A bit of the idle bitmap is read: true if it is 1. This clears accessed bits, but only where the idle flag is set.</summary>
    public bool ReadIdle(SimulatedFolio folio)
    {
        if (folio.Lru != LruState.OnList || !folio.Has(FolioFlags.Idle))
            return false;
        ClearReferences(folio);
        return folio.Has(FolioFlags.Idle);
    }

    /// <summary>A 1 is written to the idle bitmap.</summary>
    public void WriteIdle(SimulatedFolio folio)
    {
        if (folio.Lru != LruState.OnList)
            return;
        ClearReferences(folio);
        folio.Set(FolioFlags.Idle);
    }

    /// <summary>Reclaim looks at a folio of an inactive list. It clears the accessed bit, and says so: the idle flag goes with it.</summary>
    public void ScanByReclaim(SimulatedFolio folio)
    {
        bool anon = folio.Has(FolioFlags.SwapBacked);
        CountEvent(folio, VmEvent.PgScanKswapd, MemcgStat.PgScan, folio.Pages);
        _events[(int)(anon ? VmEvent.PgScanAnon : VmEvent.PgScanFile)] += folio.Pages;
        if (folio.Has(FolioFlags.Mapped | FolioFlags.Accessed))
        {
            folio.Set(FolioFlags.Accessed | FolioFlags.Idle, on: false);
            SetActive(folio, active: true);
        }

        folio.Set(FolioFlags.Young, on: false);
    }

    /// <summary>Moves it to the active list, or from there.</summary>
    public void SetActive(SimulatedFolio folio, bool active)
    {
        if (folio.Generation < 0 && (folio.Has(FolioFlags.Active) == active || folio.Has(FolioFlags.Mlocked)))
            return;
        if (folio.Generation >= 0 && !active && HasNewLruGen)
        {
            // lru_gen_clear_refs: what is in the oldest generation stays there.
            folio.Set(FolioFlags.Referenced | FolioFlags.WorkingSet, on: false);
            if (folio.Generation == GenerationLists.IndexOf(folio.Generations!.Oldest(folio.IsOnFileList)))
                return;
        }

        Requeue(folio, FolioFlags.Active, active);
        if (active)
            CountEvent(folio, VmEvent.PgActivate, MemcgStat.PgActivate, folio.Pages);
        else
            CountEvent(folio, VmEvent.PgDeactivate, MemcgStat.PgDeactivate, folio.Pages);
    }

    /// <summary>MADV_FREE: the accessed bit goes, the idle flag stays, and the folio changes to the file list although it stays anonymous.</summary>
    public void LazyFree(SimulatedFolio folio)
    {
        ThrowIfFree(folio);
        if (folio.Kind != PageKind.Anon || folio.Has(FolioFlags.SwapCache))
            throw new InvalidOperationException($"MADV_FREE is for anonymous memory: {folio}.");
        folio.Set(FolioFlags.Accessed, on: false);
        if (!folio.Has(FolioFlags.SwapBacked) || folio.Has(FolioFlags.Mlocked) || folio.Lru != LruState.OnList)
            return;
        Requeue(folio, FolioFlags.SwapBacked | FolioFlags.Active | FolioFlags.Referenced | FolioFlags.Dirty, on: false);
        CountEvent(folio, VmEvent.PgLazyFree, MemcgStat.PgLazyFree, folio.Pages);
    }

    /// <summary>MADV_COLD: the accessed bit goes without a trace.</summary>
    public void AdviseCold(SimulatedFolio folio)
    {
        ThrowIfFree(folio);
        folio.Set(FolioFlags.Accessed | FolioFlags.Young | FolioFlags.Referenced, on: false);
        SetActive(folio, active: false);
    }

    /// <summary>mlock and munlock. mlock looks up every page as one who accesses it, and the kernel marks it so (FOLL_TOUCH).</summary>
    public void SetMlocked(SimulatedFolio folio, bool locked)
    {
        ThrowIfFree(folio);
        if (locked)
            SetFlags(folio, FolioFlags.Active, on: false);
        SetFlags(folio, FolioFlags.Mlocked, locked);
        if (!locked)
            return;
        NoteTouch(folio);
        if (IsMappedWhole(folio))
            folio.Set(FolioFlags.Accessed);
        else
            MarkAccessed(folio);
    }

    public void SetDirty(SimulatedFolio folio, bool dirty) => SetFlags(folio, FolioFlags.Dirty, dirty);

    /// <summary>Writeback of it begins, or has ended.</summary>
    public void SetWriteback(SimulatedFolio folio, bool writeback) => SetFlags(folio, FolioFlags.Writeback, writeback);

    /// <summary>Puts it in the swap cache, or takes it out: it is counted as a file page of the host besides.</summary>
    public void SetSwapCache(SimulatedFolio folio, bool cached) => SetFlags(folio, FolioFlags.SwapCache, cached);

    /// <summary>Swap that a memcg is charged for, in pages, more or less than now.</summary>
    public void ChargeSwap(SimulatedMemcg memcg, long pages)
    {
        memcg.Count(MemcgStat.Swap, pages);
        _totals.Add(MemcgStat.Swap, pages);
    }

    /// <summary>Charges it to another memcg, as cgroup v1 can when a process moves.</summary>
    public void MoveCharge(SimulatedFolio folio, SimulatedMemcg? memcg)
    {
        Count(folio, -1);
        LeaveGenerations(folio);
        folio.Charged = memcg?.Accountable;
        Count(folio, +1);
    }

    // By one entry of a page middle directory, as anonymous memory is until a part of it is unmapped.
    private bool IsMappedWhole(SimulatedFolio folio) =>
        folio.Order == PmdOrder && folio.Kind == PageKind.Anon && folio.UnmappedTails == 0 && folio.Has(FolioFlags.Mapped);

    private void MarkAccessed(SimulatedFolio folio)
    {
        if (HasGenerations)
        {
            CountReference(folio);
            return;
        }

        if (!folio.Has(FolioFlags.Referenced))
        {
            folio.Set(FolioFlags.Referenced);
        }
        else if (!folio.Has(FolioFlags.Mlocked) && !folio.Has(FolioFlags.Active))
        {
            SetActive(folio, active: true);
            folio.Set(FolioFlags.Referenced, on: false);
        }

        folio.Set(FolioFlags.Idle, on: false);
    }

    // With the multi-generational LRU on, folio_mark_accessed moves nothing and leaves the idle flag (folio_inc_refs, lru_gen_inc_refs).
    private void CountReference(SimulatedFolio folio)
    {
        const int Most = 3;
        if (folio.Has(FolioFlags.Mlocked))
            return;
        if (!folio.Has(FolioFlags.Referenced))
        {
            folio.Set(FolioFlags.Referenced);
            folio.References = 0;
        }
        else if (HasNewLruGen && folio.References < Most)
        {
            folio.References++;
        }
        else
        {
            folio.Set(FolioFlags.WorkingSet);
        }
    }

    // page_idle_clear_pte_refs: a folio that nobody maps has no accessed bits; one whose lock is needed and taken is passed over.
    private void ClearReferences(SimulatedFolio folio)
    {
        if (!folio.Has(FolioFlags.Mapped))
            return;
        bool needsLock = folio.Kind != PageKind.Anon || _host.Options.AnonNeedsLock;
        if (needsLock && folio.Has(FolioFlags.Locked))
            return;
        if (!folio.Has(FolioFlags.Accessed))
            return;
        folio.Set(FolioFlags.Accessed | FolioFlags.Idle, on: false);
        folio.Set(FolioFlags.Young);
    }
}
