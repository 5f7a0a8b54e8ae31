using ColdPages.Simulation;

namespace ColdPages.Tests;

/// <summary>
/// A tracker over a simulated host of three blocks with memory of all kinds and sizes in each, and what must hold after each of its passes whatever
/// went wrong: no file stays open, and nothing is told to be idle for longer than it is.
/// </summary>
internal sealed class IdleBitmapFaultRun : IDisposable
{
    public const int Block = IdleBitmap.BlockFrames;
    public const int LastBlock = 2;

    /// <summary>Bytes of the bitmap that a block has.</summary>
    public const int BlockBytes = Block / 8;

    // How many frames of each block the smaller folios lie among.
    private const int Spread = 5000;

    private readonly TempFolder _lease = new();
    private readonly Random _random = new(1);
    private readonly List<SimulatedFolio> _folios = [];

    public IdleBitmapFaultRun()
    {
        Host = new SimulatedHost(new SimulatedHostOptions { Frames = (2 * Block) + 6400, FramesPerSection = 3200 });
        SimulatedMemcg[] memcgs = [Host.MakeMemcg("/a"), Host.MakeMemcg("/b"), Host.MakeMemcg("/b/c"), Host.Root];
        for (int block = 0; block <= LastBlock; block++)
        {
            int first = block * Block;
            int end = block == LastBlock ? Host.Frames : first + Block;
            foreach (SimulatedMemcg memcg in memcgs)
            {
                foreach (PageKind kind in Enum.GetValues<PageKind>())
                {
                    for (int i = 0; i < 12; i++)
                        Allocate(memcg, kind, 0, first);
                    Allocate(memcg, kind, 4, first);
                }
            }

            Add(Host.Memory.Allocate(memcgs[block], PageKind.Anon, 9, first + Spread + 120));
            Add(Host.Memory.Allocate(memcgs[0], PageKind.Anon, 0, end - 1));
        }

        Tracker = ColdPageTracker.Open(new ColdPageTrackerOptions
        {
            Roots = Host.Roots,
            Source = ColdPageSource.IdleBitmap,
            Interval = TimeSpan.FromSeconds(2),
            TimeProvider = Host.TimeProvider,
            LeaseDirectory = _lease.Path,
        });
    }

    public SimulatedHost Host { get; }

    public ColdPageTracker Tracker { get; }

    /// <summary>Passes tried.</summary>
    public int Passes { get; private set; }

    public FileFault? Fault { set => Host.Files.Fault = value; }

    public SimulatedFolio Add(SimulatedFolio folio)
    {
        _folios.Add(folio);
        return folio;
    }

    /// <summary>Lets an interval go by in which some of the memory is touched, makes a pass, and looks that nothing is told too old.</summary>
    /// <param name="hot">The share that is touched.</param>
    /// <param name="cancellationToken">Cancels the pass.</param>
    public ColdPageSnapshot Scan(double hot = 0.3, CancellationToken cancellationToken = default)
    {
        Host.Advance(TimeSpan.FromSeconds(1));
        foreach (SimulatedFolio folio in _folios)
        {
            if (!folio.IsFree && _random.NextDouble() < hot)
                Touch(folio);
        }

        Host.Advance(TimeSpan.FromSeconds(1));
        Passes++;
        try
        {
            Tracker.Scan(cancellationToken);
        }
        finally
        {
            Assert.Equal(0, Host.Files.OpenFiles);
        }

        return Look();
    }

    /// <summary>So many passes, and the last one's snapshot.</summary>
    public ColdPageSnapshot ScanTimes(int passes)
    {
        ColdPageSnapshot? snapshot = null;
        for (int i = 0; i < passes; i++)
            snapshot = Scan();
        return snapshot!;
    }

    /// <summary>A snapshot of the last pass, none of whose numbers is too old: of what is told to be touched nobody is harmed.</summary>
    public ColdPageSnapshot Look()
    {
        ColdPageSnapshot snapshot = Tracker.TakeSnapshot();
        Assert.Equal(0, Host.Files.OpenFiles);
        (string? Path, TimeSpan IdleFor, long Bytes)[] truth = [.. Host.Folios.Select(folio => (folio.Memcg?.Path, folio.IdleFor, folio.Bytes))];
        TimeSpan[] ages = snapshot.Unattributed.Edges;
        long[] cold = new long[ages.Length];
        foreach (MemcgAges memcg in snapshot.Memcgs)
        {
            string below = memcg.Path == "/" ? "/" : memcg.Path + "/";
            AgeHistogram told = memcg.Idle();
            (string?, TimeSpan IdleFor, long Bytes)[] own =
                [.. truth.Where(folio => folio.Path is not null && (folio.Path == memcg.Path || folio.Path.StartsWith(below, StringComparison.Ordinal)))];
            for (int i = 1; i < ages.Length; i++)
            {
                long bytes = told.BytesOlderThan(ages[i]).AtLeast;
                long most = own.Where(folio => folio.IdleFor >= ages[i]).Sum(folio => folio.Bytes);
                Assert.True(bytes <= most, $"Pass {Passes}: {memcg.Path} has {most} bytes idle for {ages[i]}, not {bytes}.");
                cold[i] += memcg.Path == "/" ? bytes : 0;
            }
        }

        for (int i = 1; i < ages.Length; i++)
        {
            long told = cold[i] + snapshot.Unattributed.BytesOlderThan(ages[i]).AtLeast;
            long most = truth.Where(folio => folio.IdleFor >= ages[i]).Sum(folio => folio.Bytes);
            Assert.True(told <= most, $"Pass {Passes}: {told} bytes of the host are told to be idle for {ages[i]}, and {most} are.");
        }

        return snapshot;
    }

    /// <summary>The fault is over: after two passes every memcg's own memory is told by kind and age exactly as it is.</summary>
    public void AssertRightAgain()
    {
        Fault = null;
        ScanTimes(2);
        ColdPageSnapshot snapshot = Scan();
        AssertExact(snapshot);
        Assert.Empty(snapshot.Confidence.Doubts);
        Assert.True(snapshot.Confidence.IsActionable);

        // And ages go on from there.
        for (int i = 0; i < 4; i++)
            snapshot = Scan();
        AssertExact(snapshot, atEdge: 3);
    }

    /// <summary>What was idle at the last passes, and what was not, is told to the byte.</summary>
    public void AssertExact(ColdPageSnapshot snapshot, int atEdge = 1)
    {
        Assert.Null(snapshot.Failure);
        TimeSpan age = snapshot.Unattributed.Edges[atEdge];
        IReadOnlyList<SimulatedFolio> folios = Host.Folios;
        foreach (MemcgAges memcg in snapshot.Memcgs)
        {
            SimulatedFolio[] own = [.. folios.Where(folio => folio.Memcg?.Path == memcg.Path)];
            Assert.Equal(own.Sum(folio => folio.Bytes), memcg.TrackedBytes(MemcgScope.Local));
            AgeHistogram idle = memcg.Idle(MemcgScope.Local);
            foreach (PageKind kind in Enum.GetValues<PageKind>())
            {
                long told = idle.Where(bin => bin.From >= age).Sum(bin => kind switch { PageKind.Anon => bin.AnonBytes, PageKind.File => bin.FileBytes, _ => bin.ShmemBytes });
                Assert.Equal((memcg.Path, kind, own.Where(folio => folio.Kind == kind && folio.IdleFor >= age).Sum(folio => folio.Bytes)), (memcg.Path, kind, told));
            }
        }

        Assert.Equal(folios.Select(folio => folio.Memcg?.Path).Distinct().Count(), snapshot.Memcgs.Count(memcg => memcg.TrackedBytes(MemcgScope.Local) > 0));
        Assert.Equal(0, snapshot.Unattributed.TotalBytes);
    }

    /// <summary>Something was said of a pass: that it failed, or why it is in doubt.</summary>
    public static void AssertTold(ColdPageSnapshot snapshot, string words) =>
        Assert.Contains(words, string.Join('\n', [snapshot.Failure ?? "", .. snapshot.Confidence.Doubts]), StringComparison.Ordinal);

    public void Dispose()
    {
        Tracker.Dispose();
        _lease.Dispose();
    }

    private void Touch(SimulatedFolio folio)
    {
        if (folio.Kind == PageKind.File && _random.Next(2) == 0)
            folio.Read();
        else
            folio.Touch();
    }

    // Anywhere in the block, often with gaps and sometimes side by side.
    private void Allocate(SimulatedMemcg memcg, PageKind kind, int order, int first)
    {
        while (true)
        {
            int frame = (first + _random.Next(Spread)) >> order << order;
            if (frame < first || !Host.Memory.Frames.IsFree(frame, 1 << order))
                continue;
            Add(Host.Memory.Allocate(memcg, kind, order, frame));
            return;
        }
    }
}
