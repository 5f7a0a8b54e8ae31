using ColdPages.Simulation;

namespace ColdPages.Tests;

/// <summary>
/// A simulated host that the idle-bitmap source watches while its multi-generational LRU takes touches: in which passes each folio's touches could be seen, and what is then told.
/// </summary>
internal sealed class IdleBitmapGenerationsHistory : IDisposable
{
    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(2);

    private readonly SimulatedHost _host;
    private readonly SimulatedMemcg[] _memcgs;
    private readonly Dictionary<SimulatedFolio, Truth> _folios = [];

    // Passes before which touches were taken, of each memcg.
    private readonly Dictionary<SimulatedMemcg, HashSet<int>> _taken = [];
    private readonly ColdPageTracker _tracker;
    private int _pass = -1;

    public IdleBitmapGenerationsHistory(byte flags)
    {
        _host = new SimulatedHost(new SimulatedHostOptions { Frames = 2048, Cpus = 1, HasMultiGenLru = true, HasNewLruGen = (flags & 1) != 0, FreshBatch = 0, SwapBytes = 1 << 24 });
        _memcgs = [.. ((string[])["/a", "/a/b", "/c"]).Select(path => _host.MakeMemcg(path))];
        foreach (SimulatedMemcg memcg in _memcgs)
        {
            _taken[memcg] = [];
            foreach (PageKind kind in Enum.GetValues<PageKind>())
                Allocate(memcg, kind, 12, isMapped: true);
            Allocate(memcg, PageKind.File, 6, isMapped: false);
        }

        _tracker = ColdPageTracker.Open(new ColdPageTrackerOptions { Roots = _host.Roots, TimeProvider = _host.TimeProvider, Source = ColdPageSource.IdleBitmap, Interval = s_interval });
        Pass();
        Pass();
    }

    /// <summary>How often a bound was put to the test that was not trivial: memory certainly idle, and memory that grew no older.</summary>
    public (int Certain, int Open) Checked { get; private set; }

    public void Dispose() => _tracker.Dispose();

    public void Step(byte action, byte which, byte size)
    {
        SimulatedMemcg memcg = _memcgs[which % _memcgs.Length];
        switch (action % 16)
        {
            case <= 5:
                Pass();
                break;
            case <= 10:
                Some(memcg, size).ForEach(Touch);
                break;
            case 11:
                Allocate(memcg, (PageKind)(size % 3), 1 + (size % 5), isMapped: size % 2 == 0);
                break;
            case 12:
                Some(memcg, size).ForEach(Free);
                break;
            case 13 when size % 4 == 0:
                Age(memcg);
                break;
            case 14 when size % 8 == 0:
                Reclaim(memcg, 1 + (size / 64));
                break;
        }
    }

    public void Pass()
    {
        if (_pass >= 0)
            _host.Advance(s_interval);
        _pass++;
        _tracker.Scan();
        ColdPageSnapshot snapshot = _tracker.TakeSnapshot();
        foreach (SimulatedMemcg memcg in _memcgs)
            Check(memcg, snapshot[memcg.Path].Idle(MemcgScope.Local));
    }

    private void Check(SimulatedMemcg memcg, AgeHistogram told)
    {
        Truth[] folios = [.. _folios.Where(pair => pair.Key.Memcg == memcg).Select(pair => pair.Value)];
        for (int age = 1; age < told.Count; age++)
        {
            ByteBounds bounds = told.BytesOlderThan(told[age].From);
            long canBe = folios.Count(folio => SeenIdle(memcg, folio) >= age && (folio.IsMapped || _pass - folio.Touched >= age)) * 4096L;
            long are = folios.Count(folio => _pass - folio.Touched >= age) * 4096L;
            Assert.True(bounds.AtLeast <= canBe, $"{memcg.Path} in pass {_pass}: {bounds} are told to be idle for {age} passes, and {canBe} can be.");
            Assert.True(bounds.AtMost >= are, $"{memcg.Path} in pass {_pass}: {bounds} are told to be idle for {age} passes, and {are} are.");
            Checked = (Checked.Certain + (bounds.AtLeast > 0 ? 1 : 0), Checked.Open + (bounds.AtLeast < bounds.AtMost ? 1 : 0));
        }
    }

    // Passes that found it idle since its last touch that could be seen. One that was taken may be missed, but in that pass nothing grows older. Of what was new in a pass there was no mark yet.
    private int SeenIdle(SimulatedMemcg memcg, Truth folio)
    {
        int idle = 0;
        for (int pass = _pass; pass > folio.Born && (_taken[memcg].Contains(pass) || !folio.SeenBy.Contains(pass)); pass--)
            idle += _taken[memcg].Contains(pass) ? 0 : 1;
        return idle;
    }

    private void Touch(SimulatedFolio folio)
    {
        Truth truth = _folios[folio];
        truth.Touched = _pass + 1;
        if (truth.IsMapped)
        {
            folio.Touch();
            truth.SeenBy.Add(_pass + 1);
        }
        else
            folio.Read();
    }

    private void Free(SimulatedFolio folio)
    {
        folio.Free();
        _folios.Remove(folio);
    }

    private void Age(SimulatedMemcg memcg)
    {
        _taken[memcg].Add(_pass + 1);
        GenerationLists lists = memcg.Generations[0];
        Assert.Equal(Errno.None, _host.Command($"+ {memcg.LruGenId} {lists.Node} {lists.Youngest} 1 1\n"));
    }

    private void Reclaim(SimulatedMemcg memcg, int pages)
    {
        _taken[memcg].Add(_pass + 1);
        _host.Memory.Reclaim(memcg, pages);
        foreach (SimulatedFolio gone in _folios.Keys.Where(folio => folio.IsFree).ToList())
            _folios.Remove(gone);
    }

    private List<SimulatedFolio> Some(SimulatedMemcg memcg, int size) => [.. _folios.Keys.Where(folio => folio.Memcg == memcg).Skip(size / 16 * 2).Take(1 + (size % 16))];

    private void Allocate(SimulatedMemcg memcg, PageKind kind, int count, bool isMapped)
    {
        for (int i = 0; i < count && _host.FreeBytes > 1 << 20; i++)
        {
            SimulatedFolio folio = _host.Memory.Allocate(memcg, kind, 0, null, byFault: false);
            _folios.Add(folio, new Truth { IsMapped = isMapped || kind == PageKind.Anon, Born = _pass + 1 });

            // It comes by a fault, and so mapped.
            if (!isMapped && kind == PageKind.Shmem)
                _host.Memory.Unmap(folio);
            Touch(folio);
        }
    }

    private sealed class Truth
    {
        public bool IsMapped { get; init; }

        public int Born { get; init; }

        public int Touched { get; set; }

        public HashSet<int> SeenBy { get; } = [];
    }
}
