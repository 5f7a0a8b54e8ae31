namespace ColdPages.Simulation;

/// <content>The multi-generational LRU: mm/vmscan.c and include/linux/mm_inline.h of Linux 6.12, and of 7.2 where the options say so.</content>
internal sealed partial class PhysicalMemory
{
    private const Errno OutOfRange = (Errno)34; // ERANGE: nothing but this file ever says so.

    private readonly List<SwappedFolio> _swapped = [];

    private readonly record struct SwappedFolio(SimulatedMemcg? Charged, PageKind Kind, int Order, long TouchedAt, long TouchNumber);

    /// <summary>What is switched on of it.</summary>
    public LruGenFeatures LruGenFeatures { get; private set; }

    /// <summary>Under pressure processes are killed rather than that generations younger than this are reclaimed; only shown.</summary>
    public long LruGenMinimumMilliseconds { get; set; }

    /// <summary>Folios in swap.</summary>
    public int Swapped => _swapped.Count;

    private bool HasGenerations => (LruGenFeatures & LruGenFeatures.Core) != LruGenFeatures.None;

    private bool HasNewLruGen => _host.Options.HasNewLruGen;

    /// <summary>A number is written to /sys/kernel/mm/lru_gen/enabled. Switching it on or off moves all folios between the generations and the lists before them.</summary>
    public void SwitchLruGen(LruGenFeatures features)
    {
        LruGenFeatures = features;
        foreach (SimulatedFolio folio in Folios().ToList())
            Change(folio, 0, static (_, _) => { });
    }

    /// <summary>A command "+" to make a generation of one memcg on one node.</summary>
    public Errno AgeByCommand(GenerationLists lists, long youngest, bool withAnon, bool isForced)
    {
        if (youngest > lists.Youngest || !HasGenerations)
            return Errno.EINVAL;

        // Of a generation that is not the youngest any more 6.12 says nothing and does nothing; 7.2 makes one all the same.
        if (youngest < lists.Youngest && !HasNewLruGen)
            return Errno.None;
        if (!isForced && !HasNewLruGen && lists.Count(isFile: !withAnon) == GenerationLists.Max)
            return OutOfRange;
        if (lists.IsWalked)
            return HasNewLruGen ? Errno.EEXIST : Errno.None;
        Age(lists, withAnon);
        return Errno.None;
    }

    /// <summary>
    /// Looks at the accessed bits of the processes of the memcg that is charged, and begins a generation. Without anonymous memory, as a host without swap does it by itself, the
    /// number of its oldest generation becomes that of the youngest, with all that is in it.
    /// </summary>
    public void Age(GenerationLists lists, bool withAnon)
    {
        if ((LruGenFeatures & LruGenFeatures.PageTableWalks) != LruGenFeatures.None)
        {
            foreach (SimulatedFolio folio in lists.Folios.ToArray())
            {
                if ((withAnon || folio.Kind == PageKind.File) && LookAt(folio, lists.Memcg))
                    Promote(folio, lists);
            }
        }

        BeginGeneration(lists, withAnon);
    }

    /// <summary>
    /// Reclaims from a memcg's own memory as much, or what there is: it makes generations where there are too few, lets those that were touched live, and evicts the rest of the
    /// oldest. Anonymous memory goes to swap as far as there is room.
    /// </summary>
    public void Reclaim(SimulatedMemcg memcg, long pages)
    {
        foreach (GenerationLists lists in memcg.Generations)
        {
            for (int round = 0; round < 2 * GenerationLists.Max && pages > 0 && lists.Total > 0; round++)
            {
                bool withAnon = _host.FreeSwapPages > 0;
                DropEmpty(lists, withAnon);
                bool hasFile = lists.Pages(lists.Oldest(isFile: true), isFile: true) > 0;
                bool hasAnon = withAnon && lists.Pages(lists.Oldest(isFile: false), isFile: false) > 0;
                bool isFile = hasFile && (!hasAnon || lists.Oldest(isFile: true) <= lists.Oldest(isFile: false));
                if (!(hasFile || hasAnon) || lists.Count(isFile) <= GenerationLists.Min)
                    Age(lists, withAnon);
                else
                    pages -= EvictOldest(lists, isFile, pages);
            }
        }
    }

    /// <summary>Reclaims a folio; one that is not page cache, and was not given up either, goes to swap.</summary>
    public void Evict(SimulatedFolio folio)
    {
        ThrowIfFree(folio);
        _events[(int)VmEvent.PgStealKswapd] += folio.Pages;
        if (!folio.IsOnFileList)
        {
            _swapped.Add(new SwappedFolio(folio.Charged, folio.Kind, folio.Order, folio.TouchedAt, folio.TouchNumber));
            ChargeSwap(folio.Memcg ?? _host.Root, folio.Pages);
        }

        Free(folio);
    }

    /// <summary>
    /// Brings the folio back that went to swap last. By a page fault it is touched and young; by reading ahead, or because swap is switched off, it comes into an old
    /// generation, and nobody has touched it. Null if there is none, or no room for it.
    /// </summary>
    public SimulatedFolio? SwapIn(bool byFault)
    {
        if (_swapped.Count == 0 || Frames.FindFree(_swapped[^1].Order) < 0)
            return null;
        SwappedFolio swapped = _swapped[^1];
        _swapped.RemoveAt(_swapped.Count - 1);
        ChargeSwap(swapped.Charged?.Living ?? _host.Root, -(1L << swapped.Order));

        // What was read ahead is no shared memory yet, whoever put it there: it is on the lists of anonymous memory and in no other count.
        SimulatedFolio folio = Take(swapped.Charged?.Living, FolioUse.User, byFault ? swapped.Kind : PageKind.Anon, swapped.Order, null);
        folio.Flags = FolioFlags.SwapBacked | (byFault ? FaultFlags : FolioFlags.SwapCache);
        (folio.TouchedAt, folio.TouchNumber) = (swapped.TouchedAt, swapped.TouchNumber);
        if (byFault)
            NoteTouch(folio);
        AddToLru(folio);
        Count(folio, +1);
        _events[(int)VmEvent.PswpIn] += folio.Pages;
        return folio;
    }

    /// <summary>What a removed memcg has becomes its parent's: from 7.x on by the number of the generation modulo four, whatever its age; on 6.12 it stays where nobody ages it.</summary>
    public void Reparent(SimulatedMemcg removed)
    {
        if (!HasNewLruGen || !removed.HasController)
            return;
        foreach (GenerationLists lists in removed.Generations)
        {
            GenerationLists above = removed.Parent!.Generations[lists.Node];
            while (Math.Min(above.Count(isFile: false), above.Count(isFile: true)) < GenerationLists.Max)
                BeginGeneration(above, withAnon: true);
            foreach (SimulatedFolio folio in lists.Folios.ToArray())
                Change(folio, above, static (changed, value) => changed.Generations = value);
        }
    }

    private FolioFlags FaultFlags => FolioFlags.Mapped | FolioFlags.Accessed
        | (HasGenerations ? FolioFlags.Active : FolioFlags.None)
        | (HasGenerations && HasNewLruGen ? FolioFlags.Referenced : FolioFlags.None);

    private static int NextOf(int index) => (index + 1) % GenerationLists.Max;

    // A folio that was just taken out of all counters goes to the generation that it belongs in, or leaves them all.
    private void Enlist(SimulatedFolio folio)
    {
        bool belongs = HasGenerations && folio.Use == FolioUse.User && folio.Lru is LruState.OnList or LruState.InMoveBatch && !folio.Has(FolioFlags.Mlocked);
        if (!belongs)
        {
            LeaveGenerations(folio);
            return;
        }

        if (folio.Generation < 0)
        {
            SimulatedMemcg memcg = folio.Charged ?? _host.Root;
            folio.Generations = (HasNewLruGen ? memcg.Living : memcg).Generations[NodeOf(folio.Frame)];
            folio.Generation = GenerationLists.IndexOf(GenerationFor(folio, folio.Generations));
            folio.Set(FolioFlags.Active, on: false);
        }

        folio.Generations!.Add(folio);
    }

    // Off the generations the flag "active" says what they said.
    private static void LeaveGenerations(SimulatedFolio folio)
    {
        if (folio.Generation < 0)
            return;
        folio.Set(FolioFlags.Active, folio.IsActive && !folio.Has(FolioFlags.Mlocked));
        folio.Generation = -1;
        folio.Generations = null;
    }

    // lru_gen_add_folio.
    private long GenerationFor(SimulatedFolio folio, GenerationLists lists)
    {
        bool isFile = folio.IsOnFileList;
        bool isActive = folio.Has(FolioFlags.Active);
        long oldest = lists.Oldest(isFile);
        bool isSecond = !isFile && !folio.Has(FolioFlags.SwapCache);
        if (!HasNewLruGen)
        {
            return isActive ? lists.Youngest
                : isSecond ? lists.Youngest - 1
                : oldest + GenerationLists.Min >= lists.Youngest ? oldest
                : oldest + 1;
        }

        bool isWorkingSet = folio.Has(FolioFlags.WorkingSet);
        int fromYoungest = isActive && isWorkingSet ? 0
            : isSecond ? 1
            : isActive || isWorkingSet ? GenerationLists.Max - 2
            : GenerationLists.Max - 1;
        return Math.Max(lists.Youngest - fromYoungest, oldest);
    }

    // The accessed bits of processes of this memcg alone, and of none that holds its mmap_lock.
    private bool LookAt(SimulatedFolio folio, SimulatedMemcg memcg)
    {
        ulong seen = 0;
        for (ulong left = folio.AccessedBy & folio.MappedBy; left != 0; left &= left - 1)
        {
            ulong bit = left & (~left + 1);
            SimulatedProcess process = _host.Processes.Of(folio, bit);
            if (process.Memcg == memcg && !process.IsBusy)
                seen |= bit;
        }

        folio.AccessedBy &= ~seen;
        return seen != 0;
    }

    // folio_update_gen. On 7.2 the first touch of what nobody has faulted in or used before is only noted, and a move out of the oldest generation forgets the note.
    private void Promote(SimulatedFolio folio, GenerationLists lists)
    {
        if (HasNewLruGen && !folio.Has(FolioFlags.Referenced) && !folio.Has(FolioFlags.WorkingSet))
        {
            folio.Set(FolioFlags.Referenced);
            return;
        }

        MoveTo(folio, GenerationLists.IndexOf(lists.Youngest));
        folio.Set(FolioFlags.Referenced, on: false);
        folio.Set(FolioFlags.WorkingSet, HasNewLruGen);
    }

    // inc_max_seq.
    private void BeginGeneration(GenerationLists lists, bool withAnon)
    {
        foreach (bool isFile in (ReadOnlySpan<bool>)[true, false])
        {
            if (lists.Count(isFile) < GenerationLists.Max)
                continue;
            if (isFile || withAnon)
                MergeOldest(lists, isFile);
            lists.DropOldest(isFile);
        }

        // The one before the youngest is no active one any more, and where the next has pages already, they are active from now on.
        foreach (SimulatedFolio folio in lists.Folios)
        {
            int change = folio.Generation == GenerationLists.IndexOf(lists.Youngest - 1) ? -folio.Pages
                : folio.Generation == GenerationLists.IndexOf(lists.Youngest + 1) ? folio.Pages
                : 0;
            Add(folio, folio.IsOnFileList ? MemcgStat.ActiveFile : MemcgStat.ActiveAnon, change);
            Add(folio, folio.IsOnFileList ? MemcgStat.InactiveFile : MemcgStat.InactiveAnon, -change);
        }

        lists.Begin(_host.Clock.GetTimestamp());
    }

    // inc_min_seq: what is in the oldest generation goes to the next.
    private void MergeOldest(GenerationLists lists, bool isFile)
    {
        int oldest = GenerationLists.IndexOf(lists.Oldest(isFile));
        foreach (SimulatedFolio folio in lists.Folios.ToArray())
        {
            if (folio.Generation != oldest || folio.IsOnFileList != isFile)
                continue;
            MoveTo(folio, NextOf(oldest));
            folio.Set(FolioFlags.Referenced, on: false);
            if (!HasNewLruGen)
                folio.Set(FolioFlags.WorkingSet, on: false);
        }
    }

    private void MoveTo(SimulatedFolio folio, int index) => Change(folio, index, static (changed, value) => changed.Generation = value);

    // Takes it out of its generation and puts it where it belongs after the change.
    private void Requeue(SimulatedFolio folio, FolioFlags flags, bool on)
    {
        Count(folio, -1);
        LeaveGenerations(folio);
        folio.Set(flags, on);
        Count(folio, +1);
    }

    // try_to_inc_min_seq: generations that are empty do not count as the oldest.
    private static void DropEmpty(GenerationLists lists, bool withAnon)
    {
        Span<long> oldest = [lists.Oldest(isFile: false), lists.Oldest(isFile: true)];
        for (int type = withAnon ? 0 : 1; type < 2; type++)
        {
            while (oldest[type] + GenerationLists.Min <= lists.Youngest && lists.Pages(oldest[type], type == 1) == 0)
                oldest[type]++;
        }

        if (withAnon)
        {
            oldest[0] = Math.Min(oldest[0], oldest[1]);
            oldest[1] = Math.Max(oldest[0], lists.Oldest(isFile: true));
        }

        for (int type = withAnon ? 0 : 1; type < 2; type++)
        {
            while (lists.Oldest(type == 1) < oldest[type])
                lists.DropOldest(type == 1);
        }
    }

    private long EvictOldest(GenerationLists lists, bool isFile, long pages)
    {
        long evicted = 0;
        int oldest = GenerationLists.IndexOf(lists.Oldest(isFile));
        foreach (SimulatedFolio folio in lists.Folios.Where(folio => folio.IsOnFileList == isFile && folio.Generation == oldest).ToArray())
        {
            if (evicted >= pages)
                break;
            CountEvent(folio, VmEvent.PgScanKswapd, MemcgStat.PgScan, folio.Pages);
            _events[(int)(isFile ? VmEvent.PgScanFile : VmEvent.PgScanAnon)] += folio.Pages;
            if (folio.Has(FolioFlags.Mapped | FolioFlags.Accessed))
            {
                Spare(folio, lists, isFile);
                continue;
            }

            evicted += folio.Pages;
            Evict(folio);
        }

        return evicted;
    }

    // Reclaim looks at every mapping. What it finds touched goes to the youngest generation; on 7.2 what had not been touched before goes where a fresh one would.
    private void Spare(SimulatedFolio folio, GenerationLists lists, bool isFile)
    {
        folio.Set(FolioFlags.Accessed | FolioFlags.Idle, on: false);
        bool isKnown = !HasNewLruGen || folio.Has(FolioFlags.Referenced) || folio.Has(FolioFlags.WorkingSet);
        folio.Set(FolioFlags.Referenced, !isKnown);
        if (isKnown)
            folio.Set(FolioFlags.WorkingSet, HasNewLruGen);
        Requeue(folio, FolioFlags.Active, isKnown || GenerationFor(folio, lists) == lists.Oldest(isFile));
    }

    /// <summary>Where the frames of a node begin; they end where those of the next do.</summary>
    public int FirstFrameOf(int node) => (int)((((long)node * _host.Options.Frames) + _host.Options.Nodes - 1) / _host.Options.Nodes);

    public int NodeOf(int frame) => (int)Math.Min((long)frame * _host.Options.Nodes / _host.Options.Frames, _host.Options.Nodes - 1);
}
