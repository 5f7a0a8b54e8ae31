using ColdPages.Simulation;

namespace ColdPages.Tests;

/// <summary>Things that happen to a simulated host, picked by numbers: whatever is not possible at the moment does not happen.</summary>
internal sealed class HostHistory(SimulatedHost host)
{
    private static readonly string[] s_paths = ["/a", "/a/b", "/a/b/c", "/d"];
    private static readonly int[] s_orders = [0, 0, 0, 0, 1, 2, 4, 9];

    private readonly List<SimulatedFolio> _kernel = [];
    private readonly HashSet<int> _offline = [];

    public SimulatedHost Host { get; } = host;

    /// <summary>The folios of user memory that were not freed.</summary>
    public List<SimulatedFolio> Live { get; } = [];

    private PhysicalMemory Memory => Host.Memory;

    public void Step(byte action, ushort which)
    {
        SimulatedFolio? folio = Live.Count == 0 ? null : Live[which % Live.Count];
        int frame = which % Host.Frames;
        switch (action % 24)
        {
            case 0:
                ChangeTree(which);
                break;
            case 1:
                Host.MarkAll();
                break;
            case 2:
                Host.Bits();
                break;
            case 3:
                ChangeMemory(which);
                break;
            case 4:
                ChangeKernelMemory(which);
                break;
            case 5:
                Memory.DrainBatches();
                break;
            case 6 when Live.Count > 0:
                Collapse(folio!);
                break;
            case >= 7 and <= 11:
                Allocate(which);
                break;
            case > 11 when folio is not null:
                Change(folio, action % 24, which, frame);
                break;
        }
    }

    private void Change(SimulatedFolio folio, int action, ushort which, int frame)
    {
        switch (action)
        {
            case 12:
                Memory.Touch(folio);
                break;
            case 13:
                Memory.Read(folio);
                break;
            case 14:
                Memory.Free(folio, which % 2 == 0 ? FrameState.Buddy : FrameState.CpuList);
                Live.Remove(folio);
                break;
            case 15:
                MoveLists(folio, which);
                break;
            case 16:
                Migrate(folio, which % 3 == 0 ? null : frame & -folio.Pages);
                break;
            case 17:
                Split(folio, which);
                break;
            case 18:
                UnmapTails(folio, which);
                break;
            case 19 when folio.Kind == PageKind.Anon && !folio.Has(FolioFlags.SwapCache):
                Memory.LazyFree(folio);
                break;
            case 20:
                Memory.SetMlocked(folio, which % 3 != 0);
                break;
            case 21:
                Memory.MoveCharge(folio, which % 5 == 0 ? null : PickMemcg(which));
                break;
            case 22:
                Stranger(folio, which);
                break;
            case 23:
                SetState(folio, which);
                break;
        }
    }

    private void Allocate(ushort which)
    {
        int order = s_orders[which / 8 % s_orders.Length];
        SimulatedMemcg? memcg = which % 7 == 0 ? null : PickMemcg(which);
        int place = Memory.Frames.FindFree(order);
        if (place >= 0)
            Live.Add(Memory.Allocate(memcg, (PageKind)(which % 3), order));
    }

    private void ChangeTree(ushort which)
    {
        string path = s_paths[which % s_paths.Length];
        if (Host.FindMemcg(path) is not { } memcg)
            Host.MakeMemcg(path, which % 8 < 4 && Host.FindMemcg("/d") is null ? 5000 : null);
        else if (memcg.Children.Count == 0)
            memcg.Remove();
    }

    private void ChangeMemory(ushort which)
    {
        int section = which % (Host.Frames / Memory.FramesPerSection);
        int first = section * Memory.FramesPerSection;
        if (_offline.Remove(section))
            Memory.Online(section);
        else if (Memory.Frames.IsFree(first, Memory.FramesPerSection) && _offline.Add(section))
            Memory.Offline(section);
        else if (which % 16 == 0 && Host.Frames < 10_000)
            Memory.HotAdd(0);
    }

    private void ChangeKernelMemory(ushort which)
    {
        if (which % 2 == 0 && _kernel.Count > 0)
        {
            SimulatedFolio freed = _kernel[which % _kernel.Count];
            _kernel.Remove(freed);
            Memory.Free(freed);
        }
        else if (Memory.Frames.FindFree(which % 4) >= 0)
        {
            _kernel.Add(Memory.AllocateKernel((FolioUse)(1 + (which % 3)), PickMemcg(which), which % 4));
        }
    }

    private void Collapse(SimulatedFolio like)
    {
        SimulatedFolio[] small = [.. Live.Where(folio => folio.Order == 0 && folio.Lru == LruState.OnList && folio.Charged == like.Charged && folio.Kind == like.Kind).Take(100)];
        if (small.Length == 0 || Memory.Frames.FindFree(Memory.PmdOrder) < 0)
            return;
        Live.RemoveAll(folio => small.Contains(folio));
        Live.Add(Memory.Collapse(small));
    }

    private void MoveLists(SimulatedFolio folio, ushort which)
    {
        if (which % 3 == 0)
            Memory.QueueMove(folio);
        else if (which % 3 == 1)
            Memory.Isolate(folio);
        else
            Memory.PutBack(folio);
    }

    private void Migrate(SimulatedFolio folio, int? frame)
    {
        bool room = frame is { } place ? Memory.Frames.IsFree(place, folio.Pages) : Memory.Frames.FindFree(folio.Order) >= 0;
        if (room && folio.Lru != LruState.InAddBatch)
            Memory.Migrate(folio, frame);
    }

    private void Split(SimulatedFolio folio, ushort which)
    {
        if (folio.Order == 0 || folio.Lru is not (LruState.OnList or LruState.Isolated))
            return;
        Live.Remove(folio);
        Live.AddRange(Memory.Split(folio, which % folio.Order));
    }

    private void UnmapTails(SimulatedFolio folio, ushort which)
    {
        int room = folio.Pages - folio.UnmappedTails - 1;
        if (room > 0 && folio.Has(FolioFlags.Mapped))
            Memory.UnmapTails(folio, 1 + (which % room));
    }

    private void Stranger(SimulatedFolio folio, ushort which)
    {
        switch (which % 4)
        {
            case 0:
                folio.MarkByDamon();
                break;
            case 1:
                folio.ClearAccessed();
                break;
            case 2:
                Memory.ScanByReclaim(folio);
                break;
            default:
                Memory.AdviseCold(folio);
                break;
        }
    }

    private void SetState(SimulatedFolio folio, ushort which)
    {
        switch (which % 5)
        {
            case 0:
                folio.SetLocked(which % 2 == 0);
                break;
            case 1 when folio.Kind == PageKind.File:
                Memory.SetDirty(folio, which % 2 == 0);
                Memory.SetWriteback(folio, which % 3 == 0);
                break;
            case 2 when folio.Kind == PageKind.Anon:
                Memory.SetSwapCache(folio, which % 2 == 0);
                break;
            case 3 when folio.Kind != PageKind.Anon && folio.UnmappedTails == 0:
                Memory.Unmap(folio);
                break;
            default:
                Memory.SetActive(folio, which % 2 == 0);
                break;
        }
    }

    private SimulatedMemcg PickMemcg(ushort which) => Host.FindMemcg(s_paths[which / 3 % s_paths.Length]) ?? Host.Root;
}
