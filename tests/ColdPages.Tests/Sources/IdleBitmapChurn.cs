using ColdPages.Simulation;

namespace ColdPages.Tests;

/// <summary>Memory and cgroups that come and go: at each step a memcg more, and after a while one less.</summary>
internal sealed class IdleBitmapChurn(SimulatedHost host, int seed)
{
    private const int LivingMemcgs = 40;

    private readonly Random _random = new(seed);
    private readonly Queue<(SimulatedMemcg Memcg, List<SimulatedFolio> Folios)> _memcgs = [];

    // What memcgs had that were removed is with the one above, for a while.
    private readonly Queue<List<SimulatedFolio>> _left = [];

    public int MemcgsMade { get; private set; }

    public int MemcgsRemoved { get; private set; }

    public void Step(int step)
    {
        SimulatedMemcg memcg = host.MakeMemcg($"/slice{step % 3}/m{step}");
        MemcgsMade++;
        List<SimulatedFolio> folios = [];
        for (int i = 0; i < 60; i++)
            folios.Add(host.Memory.Allocate(memcg, (PageKind)(i % BinLayout.Kinds), i % 20 == 0 ? 2 : 0));
        _memcgs.Enqueue((memcg, folios));
        foreach ((_, List<SimulatedFolio> living) in _memcgs)
            Churn(living);
        if (_memcgs.Count <= LivingMemcgs)
            return;

        (SimulatedMemcg removed, List<SimulatedFolio> left) = _memcgs.Dequeue();
        removed.Remove();
        MemcgsRemoved++;
        _left.Enqueue(left);
        if (_left.Count < 5)
            return;
        foreach (SimulatedFolio folio in _left.Dequeue())
            folio.Free();
    }

    private void Churn(List<SimulatedFolio> folios)
    {
        for (int i = 0; i < 3; i++)
        {
            int which = _random.Next(folios.Count);
            SimulatedFolio folio = folios[which];
            switch (_random.Next(6))
            {
                case 0 when folios.Count > 1:
                    folio.Free();
                    folios.RemoveAt(which);
                    break;
                case 1 when folio.Lru == LruState.OnList:
                    host.Memory.Migrate(folio);
                    break;
                case 2 when folio.Order > 0 && folio.Lru == LruState.OnList:
                    folios.RemoveAt(which);
                    folios.AddRange(host.Memory.Split(folio));
                    break;
                default:
                    folio.Touch();
                    break;
            }
        }
    }
}
