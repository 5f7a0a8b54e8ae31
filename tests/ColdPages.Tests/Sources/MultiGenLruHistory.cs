using ColdPages.Simulation;

namespace ColdPages.Tests;

/// <summary>A simulated host with the multi-generational LRU to which things happen, by bytes that a property makes up.</summary>
internal sealed class MultiGenLruHistory : IDisposable
{
    private const int MaxMemcgs = 10;

    private readonly SimulatedHost _host;
    private readonly List<SimulatedMemcg> _memcgs = [];
    private readonly List<SimulatedFolio> _folios = [];
    private readonly MultiGenLruRun _run;
    private readonly MultiGenLruProof _proof;
    private int _names;

    public MultiGenLruHistory(byte flags)
    {
        _host = new SimulatedHost(new SimulatedHostOptions
        {
            Frames = 4096,
            Cpus = 1,
            HasMultiGenLru = true,
            HasNewLruGen = (flags & 1) != 0,
            Nodes = (flags & 2) != 0 ? 2 : 1,
            FreshBatch = (flags & 4) != 0 ? 7 : 0,
            SwapBytes = (flags & 0x38) == 0 ? 0 : 1 << 24,
        });
        _run = new MultiGenLruRun(_host);
        _proof = new MultiGenLruProof(_run);
        _memcgs.Add(_host.Root);
        foreach (string path in (string[])["/a", "/a/b", "/c"])
            _memcgs.Add(_host.MakeMemcg(path));
        foreach (SimulatedMemcg memcg in _memcgs)
            Allocate(memcg, PageKind.Anon, 0, 20);
        Allocate(_memcgs[1], PageKind.Shmem, 0, 10);
        Allocate(_memcgs[2], PageKind.File, 2, 5);
        Pass();
        Pass();
    }

    public MultiGenLruProof Proof => _proof;

    private PhysicalMemory Memory => _host.Memory;

    public void Dispose() => _run.Dispose();

    public void Step(byte action, byte which, byte size)
    {
        SimulatedMemcg memcg = _memcgs[which % _memcgs.Count];
        switch (action % 32)
        {
            case <= 6:
                Pass();
                break;
            case <= 9:
                Allocate(memcg, (PageKind)(which / 16 % 4 % 3), size % 7 == 0 ? 2 : 0, 1 + (size % 24));
                break;
            case <= 14:
                Some(memcg, size).ForEach(Touch);
                break;
            case 15:
                Some(memcg, size).Where(folio => folio.Kind != PageKind.Anon).ToList().ForEach(Read);
                break;
            case <= 17:
                Some(memcg, size).ForEach(Free);
                break;
            case 18 when size % 4 == 0:
                AgeByStranger(memcg, which, size);
                break;
            case 19 when size % 4 == 0:
                Reclaim(memcg, size);
                break;
            case 20:
                SwapIn(byFault: size % 2 == 0);
                break;
            case 21:
                TouchByOthers(memcg, size);
                break;
            case 22:
                ChangeProcesses(memcg, which, size);
                break;
            case 23:
                Some(memcg, size % 8).ForEach(folio => MoveLists(folio, size));
                break;
            case 24:
                Some(memcg, size).Where(CanBeGivenUp).ToList().ForEach(GiveUp);
                break;
            case 25:
                ChangeTree(memcg, which, size);
                break;
            case 26 when size % 4 == 0:
                Hide(memcg, which, size);
                break;
            case 27 when size % 4 == 0:
                PassWithStranger(memcg, size);
                break;
            case 28:
                Memory.DrainBatches();
                break;
            case 29 or 30:
                PassWithDepartures(memcg, which, size);
                break;
        }
    }

    public void Pass()
    {
        _proof.Promotions.BeforePass();
        _run.Scan();
        _proof.Check(_memcgs);
        _run.WasRaced = false;
        foreach (SimulatedProcess process in _host.Processes.All)
            process.IsBusy = false;
    }

    private static bool CanBeGivenUp(SimulatedFolio folio) => folio.Kind == PageKind.Anon && !folio.Has(FolioFlags.SwapCache);

    private List<SimulatedFolio> Some(SimulatedMemcg memcg, int size) => [.. _folios.Where(folio => folio.Memcg == memcg).Skip(size / 16).Take(1 + (size % 16))];

    private void Allocate(SimulatedMemcg memcg, PageKind kind, int order, int count)
    {
        for (int i = 0; i < count && Memory.Frames.FindFree(order) >= 0; i++)
        {
            int? frame = i % 2 == 1 && Memory.Frames.IsFree(2048 + (i << order), 1 << order) ? 2048 + (i << order) : null;
            _folios.Add(Memory.Allocate(memcg, kind, order, frame, byFault: i % 3 == 0));
        }
    }

    private void MakeYounger(SimulatedFolio folio)
    {
        _run.MakeYounger(folio);
        _proof.Disturb(folio.Memcg);
    }

    // By its own process. Where that is elsewhere by now, and one that is in the memcg has the page too, nothing tells.
    private void Touch(SimulatedFolio folio)
    {
        folio.Touch();
        if (folio.Memcg is { } memcg && memcg.Process.Memcg != memcg && folio.MappedBy != SimulatedProcess.OwnBit)
            _run.HideTouch(folio);
    }

    // Nothing tells of a read of shared memory as a file, though its own process maps it.
    private void Read(SimulatedFolio folio)
    {
        folio.Read();
        if (folio.Kind == PageKind.Shmem)
            _run.HideTouch(folio);
        _proof.Disturb(folio.Memcg);
    }

    private void Free(SimulatedFolio folio)
    {
        folio.Free();
        _folios.Remove(folio);
    }

    // Somebody else makes a generation: as the source does, or as the kernel does it without swap.
    private void AgeByStranger(SimulatedMemcg memcg, byte which, byte size)
    {
        GenerationLists lists = memcg.Generations[which % memcg.Generations.Length];
        _proof.Disturb(memcg);
        foreach (SimulatedFolio folio in lists.Folios)
            MakeYounger(folio);
        Assert.Equal(Errno.None, _host.Command($"+ {memcg.LruGenId} {lists.Node} {lists.Youngest} {size / 4 % 2} 1\n"));
    }

    private void Reclaim(SimulatedMemcg memcg, byte size)
    {
        _proof.Disturb(memcg);
        foreach (SimulatedFolio folio in memcg.Generations.SelectMany(lists => lists.Folios))
            MakeYounger(folio);
        Memory.Reclaim(memcg, 1 + (size / 8));
        _folios.Where(folio => folio.IsFree).ToList().ForEach(_run.NoteGone);
        _folios.RemoveAll(folio => folio.IsFree);
    }

    private void SwapIn(bool byFault)
    {
        if (Memory.SwapIn(byFault) is not { } folio)
            return;
        _folios.Add(folio);
        _run.Recall(folio);
        MakeYounger(folio);
        _host.Processes.All.ToList().ForEach(process => _proof.Disturb(process.Memcg));
    }

    // By another process: of shared memory and page cache, or of what a child has from its parent. A child in another memcg is not seen though the parent is.
    private void TouchByOthers(SimulatedMemcg memcg, byte size)
    {
        SimulatedProcess[] others = [.. _host.Processes.All.Where(process => process.Bit != SimulatedProcess.OwnBit)];
        if (others.Length == 0)
            return;
        SimulatedProcess other = others[size % others.Length];
        foreach (SimulatedFolio folio in Some(memcg, size).Where(folio => folio.Lru != LruState.InAddBatch))
        {
            Memory.Touch(folio, other);
            if (folio.Kind == PageKind.Anon && other.Memcg != memcg)
                _run.HideTouch(folio);
        }

        _proof.Disturb(memcg);
    }

    private void ChangeProcesses(SimulatedMemcg memcg, byte which, byte size)
    {
        SimulatedProcess process = _host.Processes.All[which / 8 % _host.Processes.All.Count];
        if (size % 3 == 0 && _host.Processes.All.Count < 16)
            _host.Processes.Start(memcg);
        else if (size % 3 == 1 && process.Bit != SimulatedProcess.OwnBit)
            Exit(process);
        else
            process.Memcg = memcg;
    }

    // What it touched goes with its page tables: of shared memory a flag is left, which moves no page to another generation.
    private void Exit(SimulatedProcess process)
    {
        _folios.Where(folio => (folio.AccessedBy & process.Bit) != 0).ToList().ForEach(_run.HideTouch);
        _host.Processes.Exit(process);
    }

    private void MoveLists(SimulatedFolio folio, byte size)
    {
        MakeYounger(folio);
        switch (size / 8 % 5)
        {
            case 0:
                Memory.SetMlocked(folio, locked: true);
                _run.HideTouch(folio); // It counts as one, and no page table has it.
                break;
            case 1:
                Memory.SetMlocked(folio, locked: false);
                break;
            case 2:
                Memory.Isolate(folio);
                break;
            case 3:
                Memory.PutBack(folio);
                break;
            default:
                if (folio.Lru == LruState.InAddBatch || Memory.Frames.FindFree(folio.Order) < 0)
                    break;
                Memory.Migrate(folio);
                _memcgs.ForEach(_proof.Disturb); // Whose pages they are is not counted.
                break;
        }
    }

    private void GiveUp(SimulatedFolio folio)
    {
        _run.HideTouch(folio);
        MakeYounger(folio);
        Memory.LazyFree(folio);
    }

    private void ChangeTree(SimulatedMemcg memcg, byte which, byte size)
    {
        if (which % 2 == 0 && _memcgs.Count < MaxMemcgs)
        {
            // Some have the name of one that was removed.
            string name = size % 3 == 0 ? "again" : $"m{_names++}";
            SimulatedMemcg made = _host.MakeMemcg($"{(memcg.Parent is null ? "" : memcg.Path)}/{name}");
            if (!_memcgs.Contains(made))
                _memcgs.Add(made);
        }
        else if (memcg.Parent is { } parent && memcg.Children.Count == 0)
        {
            foreach (SimulatedFolio folio in _folios.Where(folio => folio.Memcg == memcg))
                MakeYounger(folio);
            _proof.Disturb(parent);
            _proof.Promotions.Inherit(parent, memcg);
            memcg.Remove();
            _memcgs.Remove(memcg);
        }
    }

    // Those who take the evidence of touches.
    private void Hide(SimulatedMemcg memcg, byte which, byte size)
    {
        List<SimulatedFolio> hidden = Some(memcg, size);
        _proof.Disturb(memcg);
        switch (which / 8 % 5)
        {
            case 0:
                memcg.Process.IsBusy = true;
                return;
            case 1:
                hidden.ForEach(_run.HideTouch);
                hidden.ForEach(folio => folio.ClearAccessed());
                break;
            case 2:
                hidden.ForEach(_run.HideTouch);
                hidden.ForEach(folio => folio.MarkByDamon());
                break;
            case 3:
                _memcgs.ForEach(_proof.Disturb);
                _folios.ForEach(_run.HideTouch);
                _host.MarkAll();
                break;
            default:
                hidden.ForEach(_run.HideTouch);
                hidden.ForEach(MakeYounger);
                hidden.ForEach(Memory.AdviseCold);
                break;
        }
    }

    // Somebody else makes a generation while the pass does, before or after its own.
    private void PassWithStranger(SimulatedMemcg memcg, byte size)
    {
        int operation = 0;
        int when = size / 4 % 16;
        bool isDone = false;
        _host.Files.BeforeRead = (path, offset) => Happen(path, offset);
        _host.Files.BeforeWrite = (path, offset) => Happen(path, offset);
        Pass();
        _host.Files.BeforeRead = null;
        _host.Files.BeforeWrite = null;

        void Happen(string path, long offset)
        {
            if (isDone || path != LruGen.Name || operation++ != when)
                return;
            isDone = true;
            GenerationLists lists = memcg.Generations[0];
            _proof.Disturb(memcg);
            Memory.Age(lists, withAnon: true);
        }
    }

    // Memory comes and goes while the pass makes its generations, before it reads their sizes again.
    private void PassWithDepartures(SimulatedMemcg memcg, byte which, byte size)
    {
        int operation = 0;
        int when = which / 8 % 8;
        bool isAged = false;
        _host.Files.BeforeRead = (path, offset) => Happen(path, isAllowed: !isAged || offset == 0);
        _host.Files.BeforeWrite = (path, _) =>
        {
            isAged |= path == LruGen.Name;
            Happen(path, isAllowed: true);
        };
        Pass();
        _host.Files.BeforeRead = null;
        _host.Files.BeforeWrite = null;

        void Happen(string path, bool isAllowed)
        {
            if (path != LruGen.Name || !isAllowed || operation++ != when)
                return;
            _run.WasRaced = true;
            _proof.Disturb(memcg);
            switch (which % 8)
            {
                case <= 2:
                    Some(memcg, size).ForEach(Free);
                    break;
                case 3:
                    int count = _folios.Count;
                    Allocate(memcg, (PageKind)(size % 3), order: 0, count: 1 + (size % 8));
                    _folios.Skip(count).ToList().ForEach(_run.NoteNew);
                    break;
                case 4:
                    SwapIn(byFault: false);
                    break;
                default:
                    Some(memcg, size).ForEach(folio => MoveLists(folio, (byte)(which / 8 % 2 == 0 ? 16 : 32)));
                    break;
            }
        }
    }
}
