namespace ColdPages.Simulation;

/// <content>Which counters a folio moves. Every change of a folio takes it out of all counters, and puts it back as it is then.</content>
internal sealed partial class PhysicalMemory
{
    private delegate void FolioChange<in T>(SimulatedFolio folio, T value);

    private void SetLru(SimulatedFolio folio, LruState state) =>
        Change(folio, state, static (changed, value) => changed.Lru = value);

    private void SetFlags(SimulatedFolio folio, FolioFlags flags, bool on) =>
        Change(folio, (flags, on), static (changed, value) => changed.Set(value.flags, value.on));

    private void Change<T>(SimulatedFolio folio, T value, FolioChange<T> change)
    {
        Count(folio, -1);
        change(folio, value);
        Count(folio, +1);
    }

    private void Count(SimulatedFolio folio, int sign)
    {
        long pages = sign * folio.Pages;
        switch (folio.Use)
        {
            case FolioUse.User:
                CountUser(folio, sign, pages);
                break;
            case FolioUse.Slab:
                Add(folio, MemcgStat.Charged, pages);
                Add(folio, MemcgStat.Kernel, pages);
                Add(folio, MemcgStat.SlabUnreclaimable, pages);
                break;
            case FolioUse.PageTable:
                Add(folio, MemcgStat.Charged, pages);
                Add(folio, MemcgStat.Kernel, pages);
                Add(folio, MemcgStat.PageTables, pages);
                break;
            default:
                Add(folio, MemcgStat.Hugetlb, pages); // Not charged as memory without the mount option memory_hugetlb_accounting.
                break;
        }
    }

    private void CountUser(SimulatedFolio folio, int sign, long pages)
    {
        long mapped = folio.Has(FolioFlags.Mapped) ? sign * (folio.Pages - folio.UnmappedTails) : 0;
        if (sign > 0)
            Enlist(folio);
        for (ulong left = folio.MappedBy; left != 0; left &= left - 1)
            _host.Processes.Of(folio, left & (~left + 1)).Count(folio.Kind, mapped);
        Add(folio, MemcgStat.Charged, pages);
        if (folio.Has(FolioFlags.SwapCache))
        {
            // A file page of the host, and of no memcg (add_to_swap_cache in mm/swap_state.c).
            _totals.Add(MemcgStat.File, pages);
            Add(folio, MemcgStat.SwapCached, pages);
        }

        switch (folio.Kind)
        {
            case PageKind.Anon:
                Add(folio, MemcgStat.Anon, mapped);
                break;
            case PageKind.Shmem:
                Add(folio, MemcgStat.File, pages);
                Add(folio, MemcgStat.Shmem, pages);
                Add(folio, MemcgStat.FileMapped, mapped);
                break;
            default:
                Add(folio, MemcgStat.File, pages);
                Add(folio, MemcgStat.FileMapped, mapped);
                if (folio.Has(FolioFlags.Dirty))
                    Add(folio, MemcgStat.FileDirty, pages);
                if (folio.Has(FolioFlags.Writeback))
                    Add(folio, MemcgStat.FileWriteback, pages);
                break;
        }

        if (folio.Order == PmdOrder && folio.Kind != PageKind.Anon)
            Add(folio, folio.Kind == PageKind.Shmem ? MemcgStat.ShmemThp : MemcgStat.FileThp, pages);
        else if (IsMappedWhole(folio))
            Add(folio, MemcgStat.AnonThp, pages);
        if (folio.Has(FolioFlags.Mlocked))
            Add(folio, MemcgStat.Mlocked, pages);
        Add(folio, ListOf(folio), pages);
        if (sign < 0)
            folio.Generations?.Remove(folio);
    }

    /// <summary>The list that counts a folio, if one does. What is not backed by swap is with the files: anonymous memory too, after MADV_FREE.</summary>
    public static MemcgStat ListOf(SimulatedFolio folio)
    {
        bool anon = folio.Has(FolioFlags.SwapBacked);
        return folio.Lru switch
        {
            LruState.Isolated => anon ? MemcgStat.IsolatedAnon : MemcgStat.IsolatedFile,
            LruState.OnList or LruState.InMoveBatch when folio.Has(FolioFlags.Mlocked) => MemcgStat.Unevictable,
            LruState.OnList or LruState.InMoveBatch when folio.IsActive => anon ? MemcgStat.ActiveAnon : MemcgStat.ActiveFile,
            LruState.OnList or LruState.InMoveBatch => anon ? MemcgStat.InactiveAnon : MemcgStat.InactiveFile,
            _ => MemcgStat.None,
        };
    }

    private void Add(SimulatedFolio folio, MemcgStat stat, long change)
    {
        if (change == 0)
            return;
        _totals.Add(stat, change);
        folio.Charged?.Count(stat, change);
    }
}
