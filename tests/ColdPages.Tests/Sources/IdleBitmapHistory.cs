using ColdPages.Simulation;

namespace ColdPages.Tests;

/// <summary>A simulated host to which things happen, by bytes that a property makes up; between passes, and in the middle of them.</summary>
internal sealed class IdleBitmapHistory
{
    private const int MaxMemcgs = 14;
    private const int BlockBytes = IdleBitmap.BlockWords * sizeof(ulong);

    private readonly SimulatedHost _host;
    private readonly PhysicalMemory _memory;
    private readonly List<SimulatedMemcg> _memcgs = [];
    private readonly List<SimulatedFolio> _folios = [];
    private readonly List<SimulatedFolio> _kernel = [];
    private readonly List<SimulatedFolio> _locked = [];
    private readonly Stack<ulong> _freeInodes = [];
    private readonly HashSet<ulong> _seenInodes = [];
    private readonly IdleBitmapRun _run;
    private readonly IdleBitmapTruth _truth;
    private readonly IdleBitmapProof _proof;
    private readonly long[] _events = new long[Enum.GetValues<HistoryEvent>().Length];
    private int _names;

    public IdleBitmapHistory(SimulatedHostOptions options)
    {
        _host = new SimulatedHost(options);
        _memory = _host.Memory;
        _run = new IdleBitmapRun(_host);
        _truth = new IdleBitmapTruth(_run);
        _proof = new IdleBitmapProof(_run, _truth);

        // Most of a large host is not memory, so that little is enough to reach its last block.
        for (int hole = 700; hole + 30_000 < options.Frames; hole += 31_000)
            _memory.MakeHole(hole, 30_000);
        _memcgs.Add(_host.Root);
        foreach (string path in (string[])["/a", "/a/b", "/c"])
            _memcgs.Add(_host.MakeMemcg(path));
        foreach (SimulatedMemcg memcg in _memcgs)
            Allocate(memcg, (PageKind)(_memcgs.IndexOf(memcg) % BinLayout.Kinds), order: 0, count: 150);
        Allocate(_memcgs[1], PageKind.Anon, order: 2, count: 20);
        Allocate(_memcgs[2], PageKind.File, order: 3, count: 4);
        Allocate(_memcgs[3], PageKind.Anon, _memory.PmdOrder, count: 1);
        Pass();
        Pass();
    }

    public IdleBitmapRun Run => _run;

    public IdleBitmapProof Proof => _proof;

    /// <summary>How often each event happened.</summary>
    public IReadOnlyList<long> Events => _events;

    public SimulatedHost Host => _host;

    /// <summary>A host of one of the sizes that the kernel has pages of, some of several blocks of the bitmap.</summary>
    public static SimulatedHostOptions OptionsFrom(byte sizes, byte flags) => new()
    {
        PageSize = 4096 << (sizes % 3 * 2),
        Frames = (sizes / 3 % 8) switch
        {
            0 => 66_000 + (flags * 16),
            1 => 65_536,
            2 => 32_768 + flags,
            3 => 33_000 + (flags * 64),
            4 => 4_096,
            _ => 4_096 + (sizes * 7),
        },
        Cpus = 1,
        FramesPerSection = 8_192,
        FreshBatch = (flags & 1) != 0 ? 31 : 0,
        AnonNeedsLock = (flags & 2) != 0,
        TailsHaveOwnFlags = (flags & 4) != 0,
        ShowsKsmOnAnon = (flags & 8) != 0,
        StatLag = (flags & 0x70) == 0 ? 100 : 0,
    };

    public void Step(byte action, byte which, byte size)
    {
        switch (action % 32)
        {
            case 0 or 1 or 2 or 3:
                Pass();
                break;
            case 4:
                PassWithEvents(which, size);
                break;
            case 5 when which % 8 == 0:
                PassWithFault(size);
                break;
            case 5 when which % 8 < 4:
                PassWithIsolation(which, size);
                break;
            case 6 when which % 8 == 0:
                _run.Restart();
                _truth.Restart();
                _proof.Restart();
                break;
            default:
                Event(action, which, size);
                break;
        }
    }

    /// <summary>Some folios are written to and not written back yet, or are being written back. Nobody touches them by that.</summary>
    public void ChangeState(byte which, byte size) => ForSome(which, size, folio =>
    {
        _memory.SetDirty(folio, (folio.Frame + size) % 3 == 0);
        _memory.SetWriteback(folio, folio.Kind == PageKind.File && (folio.Frame + which) % 5 == 0);
        if (folio.Has(FolioFlags.Mapped) && (folio.Frame + which) % 4 == 0)
            _memory.MapBy(folio, Child());
    });

    private SimulatedProcess Child() =>
        _host.Processes.All.FirstOrDefault(process => process.Bit != SimulatedProcess.OwnBit) ?? _host.Processes.Start(_memcgs[0]);

    public void Pass()
    {
        _truth.BeginPass();
        Assert.Null(_run.Pass());
        _proof.Check();
        Assert.Equal(0, _host.Files.OpenFiles);
        foreach (SimulatedFolio folio in _locked)
        {
            _truth.Disturb(folio);
            folio.SetLocked(false);
        }

        _locked.Clear();
        _seenInodes.Clear();
        foreach (SimulatedMemcg memcg in _memcgs)
            _seenInodes.Add(memcg.Inode);
    }

    // Something happens before each of some operations on files.
    private void PassWithEvents(byte which, byte size)
    {
        int operation = 0;
        int left = 4;
        _truth.DuringPass = _ =>
        {
            operation++;
            if (operation % (1 + (which % 5)) != 0 || left-- <= 0)
                return;
            Event((byte)(6 + ((which + operation) * 7 % 26)), (byte)(which * operation), (byte)(size + operation));
        };
        Pass();
        _truth.DuringPass = null;
    }

    // Pages that are touched while they are off their lists, and are back there before the pass marks what is not idle.
    private void PassWithIsolation(byte which, byte size)
    {
        List<SimulatedFolio> isolated = [];
        bool isDone = false;
        _truth.DuringPass = isRead =>
        {
            if (!isDone && isolated.Count == 0)
                ForSome(which, size, Isolate);
            isDone |= !isRead;
            if (!isDone)
                return;
            foreach (SimulatedFolio folio in isolated)
                PutBack(folio);
            isolated.Clear();
        };
        Pass();
        _truth.DuringPass = null;
        foreach (SimulatedFolio folio in isolated)
            PutBack(folio);

        void Isolate(SimulatedFolio folio)
        {
            if (folio.Lru != LruState.OnList)
                return;
            _truth.Disturb(folio);
            _memory.Isolate(folio);
            if (folio.Frame % 4 != 0)
                _memory.Touch(folio);
            isolated.Add(folio);
        }

        void PutBack(SimulatedFolio folio)
        {
            _truth.Disturb(folio);
            _memory.PutBack(folio);
        }
    }

    private void PassWithFault(byte size)
    {
        _truth.DisturbAll();
        string file = (size % 4) switch { 0 => "/proc/kpageflags", 1 => "/proc/kpagecgroup", _ => IdleBitmap.Name };
        FileOperation operation = size % 4 == 3 ? FileOperation.Write : FileOperation.Read;
        int every = 1 + (size / 4 % 3);
        int asked = 0;
        _host.Files.Fault = (op, path, offset, count) =>
            op != operation || path != file || ++asked % every != 0 || (file == IdleBitmap.Name && operation == FileOperation.Read && offset < BlockBytes) ? null
            : (size & 64) != 0 ? IoResult.Failed(Errno.EIO)
            : IoResult.Done(count / 16 * 8);
        Pass();
        _host.Files.Fault = null;
        _truth.DisturbAll();
    }

    private void Event(byte action, byte which, byte size)
    {
        _host.Advance(TimeSpan.FromMilliseconds(1 + (which % 7)));
        switch (action % 32)
        {
            case 5 or 6 or 7:
                Allocate(Memcg(which), (PageKind)(size % BinLayout.Kinds), order: 0, count: 1 + (size * 2));
                break;
            case 8:
                Allocate(Memcg(which), (PageKind)(size % BinLayout.Kinds), order: 1 + (which / 16 % _memory.PmdOrder), count: 1 + (size % 4));
                break;
            case 9:
                Allocate(Memcg(which), (PageKind)(size % BinLayout.Kinds), _memory.PmdOrder, count: 1);
                break;
            case 10 or 11 or 12 or 13:
                ForSome(which, size, Touch);
                break;
            case 14:
                ForSome(which, size, Free);
                break;
            case 15:
                ForSome(which, size, folio => FreeAndAllocate(folio, size % 2 == 0 ? folio.Memcg : Memcg(size)));
                break;
            case 16:
                ForSome(which, size, IsolateOrPutBack);
                break;
            case 17:
                ForSome(which, size, folio => Migrate(folio, frame: null));
                break;
            case 18:
                MigrateOntoFreed(which, size);
                break;
            case 19:
                Split(which, size);
                break;
            case 20:
                Collapse(which, size);
                break;
            case 21:
                ForSome(which, size, LazyFree);
                break;
            case 22:
                ForSome(which, size, Lock);
                break;
            case 23:
                ForSome(which, size, folio => SetMlocked(folio, size % 2 == 0));
                break;
            case 24:
                RemoveMemcg(which, size);
                break;
            case 25:
                MakeMemcg(which, size);
                break;
            case 26:
                ForSome(which, (byte)(size / 4), folio => MoveCharge(folio, Memcg(size)));
                break;
            case 27:
                ChangeMemory(which, size);
                break;
            case 28:
                UseKernelMemory(which, size);
                break;
            case 29 when size % 4 == 0:
                MoveProcess(which);
                break;
            case 29 when size % 4 < 3:
                SwapIn(1 + (size / 4), byFault: which % 2 == 0);
                break;
            case 29:
                DisturbWaiting();
                _memory.DrainBatches();
                break;
            case 30 when which % 2 == 0:
                ForSome(which, size, Reclaim);
                break;
            case 30:
                ForSome(which, size, ReclaimOrUnmap);
                break;
            default:
                ForSome(which, size, TouchUnseenOrCool);
                break;
        }
    }

    private SimulatedMemcg Memcg(byte which) => _memcgs[which % _memcgs.Count];

    // A run of folios in the order they were allocated, up to all of them.
    private void ForSome(byte which, byte size, Action<SimulatedFolio> action)
    {
        _folios.RemoveAll(static folio => folio.IsFree);
        if (_folios.Count == 0)
            return;
        int first = which * _folios.Count / 256;
        int count = Math.Min(_folios.Count - first, 1 + (size * size / 64));
        foreach (SimulatedFolio folio in _folios.GetRange(first, count))
        {
            if (!folio.IsFree)
                action(folio);
        }
    }

    private void Quietly(SimulatedFolio folio, Action action)
    {
        if (_run.InPass)
            _truth.Disturb(folio);
        action();
    }

    private void Allocate(SimulatedMemcg memcg, PageKind kind, int order, int count)
    {
        for (int i = 0; i < count && _memory.Frames.FindFree(order) is >= 0 and int frame; i++)
            AllocateAt(memcg, kind, order, frame);
    }

    private void AllocateAt(SimulatedMemcg? memcg, PageKind kind, int order, int frame)
    {
        DisturbWaiting();
        SimulatedFolio folio = _memory.Allocate(memcg, kind, order, frame);
        _folios.Add(folio);
        if (_run.InPass)
            _truth.Disturb(folio);
    }

    // Folios that wait in a batch are put on their lists by others: in the middle of a pass, or, where they were migrated there, with the mark that they had.
    private void DisturbWaiting()
    {
        if (_host.Options.FreshBatch == 0)
            return;
        foreach (SimulatedFolio folio in _folios)
        {
            if (!folio.IsFree && folio.Lru == LruState.InAddBatch && (_run.InPass || folio.Has(FolioFlags.Idle)))
                _truth.Disturb(folio);
        }
    }

    private void Touch(SimulatedFolio folio) => Quietly(folio, () =>
    {
        if (folio.Kind == PageKind.File && folio.Frame % 2 == 0)
            _memory.Read(folio);
        else
            _memory.Touch(folio);
        Happened(HistoryEvent.Touch);
    });

    private void Happened(HistoryEvent happened) => _events[(int)happened]++;

    private void Free(SimulatedFolio folio)
    {
        _truth.Race(folio.Frame, folio.Pages);
        _memory.Free(folio, folio.Frame % 5 == 0 ? FrameState.CpuList : FrameState.Buddy);
        Happened(HistoryEvent.Free);
    }

    private void FreeAndAllocate(SimulatedFolio folio, SimulatedMemcg? memcg)
    {
        Free(folio);
        AllocateAt(memcg, folio.Kind, folio.Order, folio.Frame);
        Happened(HistoryEvent.Reuse);
    }

    private void IsolateOrPutBack(SimulatedFolio folio)
    {
        _truth.Disturb(folio);
        if (folio.Lru is LruState.OnList or LruState.Isolated or LruState.InMoveBatch)
            Happened(folio.Lru == LruState.OnList ? HistoryEvent.Isolation : HistoryEvent.PutBack);
        if (folio.Lru != LruState.OnList)
            _memory.PutBack(folio);
        else if (folio.Frame % 2 == 0)
            _memory.Isolate(folio);
        else
            _memory.QueueMove(folio);
    }

    private void Migrate(SimulatedFolio folio, int? frame)
    {
        if (folio.Lru == LruState.InAddBatch || (frame is null && _memory.Frames.FindFree(folio.Order) < 0))
            return;
        DisturbWaiting();
        _truth.Disturb(folio);
        _memory.Migrate(folio, frame);
        _truth.Disturb(folio);
        Happened(frame is null ? HistoryEvent.Migration : HistoryEvent.MigrationOntoFreed);
    }

    // What the bitmap can't show: one page goes, and another idle one comes in its place.
    private void MigrateOntoFreed(byte which, byte size)
    {
        int others = 0;
        ForSome(which, size, folio =>
        {
            SimulatedFolio other = _folios[(others += 7) % _folios.Count];
            if (other.IsFree || other == folio || other.Order > folio.Order || other.Lru == LruState.InAddBatch)
                return;
            int frame = folio.Frame;
            Free(folio);
            Migrate(other, frame);
        });

        // In a batch a page cannot be looked at; on its list it has the mark that the other one had.
        DisturbWaiting();
        _memory.DrainBatches();
    }

    private void Split(byte which, byte size)
    {
        ForSome(which, size, folio =>
        {
            if (folio.Order == 0 || folio.Lru is not (LruState.OnList or LruState.Isolated))
                return;
            _truth.Disturb(folio);
            if (folio.Has(FolioFlags.Mapped) && size % 3 != 0 && folio.UnmappedTails == 0)
            {
                _memory.UnmapTails(folio, 1 + (size % (folio.Pages - 1)));
                Happened(HistoryEvent.PartialUnmap);
            }

            if (size % 5 == 0)
                return;
            int pages = folio.Pages;
            List<SimulatedFolio> pieces = _memory.Split(folio, folio.Order > 1 ? size % 2 * (which % folio.Order) : 0);
            Happened(pieces.Sum(piece => piece.Pages) == pages ? HistoryEvent.Split : HistoryEvent.SplitWithFreedTails);
            FolioHistory history = _truth.HistoryOf(folio);
            foreach (SimulatedFolio piece in pieces)
            {
                _truth.Disturb(piece);
                _truth.HistoryOf(piece).LostTouch = history.LostTouch;
                _truth.HistoryOf(piece).ChangedHands = history.ChangedHands;
                if (piece != folio)
                    _folios.Add(piece);
            }
        });
    }

    private void Collapse(byte which, byte size)
    {
        List<SimulatedFolio> small = [];
        int pages = 0;
        ForSome(which, size, folio =>
        {
            if (folio.Lru != LruState.OnList || folio.Order == _memory.PmdOrder || pages + folio.Pages > 1 << _memory.PmdOrder || folio.UnmappedTails > 0
                || (small.Count > 0 && (folio.Charged != small[0].Charged || folio.Kind != small[0].Kind)))
            {
                return;
            }

            small.Add(folio);
            pages += folio.Pages;
        });
        if (small.Count == 0 || _memory.Frames.FindFree(_memory.PmdOrder) < 0)
            return;
        DisturbWaiting();
        foreach (SimulatedFolio folio in small)
            _truth.Disturb(folio);
        SimulatedFolio huge = _memory.Collapse(small);
        _folios.Add(huge);
        _truth.Disturb(huge);
        Happened(HistoryEvent.Collapse);
    }

    private void LazyFree(SimulatedFolio folio)
    {
        if (folio.Kind != PageKind.Anon || folio.Has(FolioFlags.SwapCache))
            return;
        NoteLostTouch(folio);
        _memory.LazyFree(folio);
        Happened(HistoryEvent.LazyFree);
    }

    private void TouchUnseenOrCool(SimulatedFolio folio)
    {
        if (folio.Frame % 2 == 0)
        {
            _truth.Disturb(folio);
            _memory.TouchUnseen(folio);
            _truth.HistoryOf(folio).LostTouch = folio.TouchNumber;
        }
        else
        {
            NoteLostTouch(folio);
            _memory.AdviseCold(folio);
        }
    }

    private void NoteLostTouch(SimulatedFolio folio)
    {
        _truth.Disturb(folio);
        if (folio.Has(FolioFlags.Mapped | FolioFlags.Accessed))
            _truth.HistoryOf(folio).LostTouch = folio.TouchNumber;
    }

    // Reclaim clears the accessed bit and the idle flag together, and unmapping tells the page what the mapping knew: nothing is lost.
    private void ReclaimOrUnmap(SimulatedFolio folio) => Quietly(folio, () =>
    {
        if (folio.Kind != PageKind.Anon && folio.Frame % 2 == 0)
            _memory.Unmap(folio);
        else if (folio.Lru == LruState.OnList)
            ScanByReclaim(folio);
    });

    private void ScanByReclaim(SimulatedFolio folio)
    {
        _memory.ScanByReclaim(folio);
        Happened(HistoryEvent.ReclaimScan);
    }

    // What it finds idle goes: anonymous and shared memory to swap.
    private void Reclaim(SimulatedFolio folio)
    {
        if (folio.Lru != LruState.OnList || folio.Has(FolioFlags.Mlocked))
            return;
        bool isIdle = !folio.Has(FolioFlags.Accessed);
        Quietly(folio, () => ScanByReclaim(folio));
        if (!isIdle || (!folio.IsOnFileList && _host.FreeSwapPages < folio.Pages))
            return;
        _truth.Race(folio.Frame, folio.Pages);
        Happened(folio.IsOnFileList ? HistoryEvent.PageCacheReclaimed : HistoryEvent.SwapOut);
        _memory.Evict(folio);
    }

    private void SwapIn(int count, bool byFault)
    {
        for (int i = 0; i < count; i++)
        {
            DisturbWaiting();
            if (_memory.SwapIn(byFault) is not { } folio)
                return;
            _folios.Add(folio);
            if (_run.InPass)
                _truth.Disturb(folio);
            Happened(HistoryEvent.SwapIn);
        }
    }

    // The idle bitmap does not mind whose process it is that touches.
    private void MoveProcess(byte which)
    {
        SimulatedProcess process = _host.Processes.All[which % _host.Processes.All.Count];
        process.Memcg = Memcg((byte)(which / 16));
        Happened(HistoryEvent.ProcessMoved);
    }

    private void SetMlocked(SimulatedFolio folio, bool locked) => Quietly(folio, () =>
    {
        if (folio.Has(FolioFlags.Mlocked) != locked)
            Happened(locked ? HistoryEvent.Mlock : HistoryEvent.Munlock);
        _memory.SetMlocked(folio, locked);
    });

    private void Lock(SimulatedFolio folio)
    {
        _truth.Disturb(folio);
        folio.SetLocked(true);
        _locked.Add(folio);
    }

    private void MoveCharge(SimulatedFolio folio, SimulatedMemcg memcg)
    {
        _truth.Disturb(folio);
        _truth.HistoryOf(folio).ChangedHands = true;
        _memory.MoveCharge(folio, memcg);
        Happened(HistoryEvent.ChargeMoved);
    }

    private void RemoveMemcg(byte which, byte size)
    {
        SimulatedMemcg memcg = Memcg(which);
        if (memcg.Parent is null || memcg.Children.Count > 0)
            return;

        // Where a folder of the same name is made with the inode of the one before, nothing tells that it is another.
        bool isMadeAnew = size % 8 == 0 && _seenInodes.Contains(memcg.Inode);
        foreach (SimulatedFolio folio in _folios)
        {
            if (folio.IsFree || folio.Memcg != memcg || (!isMadeAnew && !_run.InPass))
                continue;
            _truth.Disturb(folio);
            if (isMadeAnew)
                _truth.HistoryOf(folio).ChangedHands = true;
        }

        memcg.Remove();
        _memcgs.Remove(memcg);
        Happened(HistoryEvent.MemcgRemoved);
        if (isMadeAnew)
            Happened(HistoryEvent.InodeReused);
        if (isMadeAnew)
            _memcgs.Add(_host.MakeMemcg(memcg.Path, memcg.Inode));
        else
            _freeInodes.Push(memcg.Inode);
    }

    private void MakeMemcg(byte which, byte size)
    {
        if (_memcgs.Count >= MaxMemcgs)
            return;
        ulong? inode = size % 2 == 0 && _freeInodes.TryPop(out ulong free) ? free : null;
        if (inode is not null)
            Happened(HistoryEvent.InodeReused);
        SimulatedMemcg parent = Memcg(which);
        _memcgs.Add(_host.MakeMemcg($"{(parent.Parent is null ? "" : parent.Path)}/m{_names++}", inode));
    }

    private void ChangeMemory(byte which, byte size)
    {
        int section = which % ((_host.Frames + _memory.FramesPerSection - 1) / _memory.FramesPerSection);
        int first = section * _memory.FramesPerSection;
        int frames = Math.Min(_memory.FramesPerSection, _host.Frames - first);
        if (Enumerable.Range(first, frames).All(frame => _memory.Frames.StateOf(frame) == FrameState.Offline))
            Change(HistoryEvent.HotAdd, () => _memory.Online(section));
        else if (section > 0 && _memory.Frames.IsFree(first, frames))
            Change(HistoryEvent.HotRemove, () => _memory.Offline(section));
        else if (size % 8 == 0 && !_run.InPass && _host.Frames < 100_000)
            Change(HistoryEvent.HotAdd, () => _memory.HotAdd(1));

        void Change(HistoryEvent change, Action make)
        {
            make();
            Happened(change);
        }
    }

    private void UseKernelMemory(byte which, byte size)
    {
        if (size % 3 == 0 && _kernel.Count > 0)
        {
            SimulatedFolio freed = _kernel[^1];
            _kernel.RemoveAt(_kernel.Count - 1);
            _truth.Race(freed.Frame, freed.Pages);
            _memory.Free(freed);
            return;
        }

        FolioUse use = (size % 4) switch { 0 => FolioUse.Hugetlb, 1 => FolioUse.PageTable, _ => FolioUse.Slab };
        int order = use switch { FolioUse.Hugetlb => _memory.PmdOrder, FolioUse.PageTable => 0, _ => size % 4 };
        for (int i = 0; i < 1 + (size / 2) && _memory.Frames.FindFree(order) >= 0; i++)
        {
            SimulatedFolio kernel = _memory.AllocateKernel(use, use == FolioUse.Hugetlb ? null : Memcg(which), order);
            _kernel.Add(kernel);
            _truth.Race(kernel.Frame, kernel.Pages);
            if (use == FolioUse.Hugetlb)
                break;
        }
    }
}
