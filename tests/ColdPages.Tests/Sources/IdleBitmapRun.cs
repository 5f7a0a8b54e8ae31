using System.Runtime.CompilerServices;
using System.Text;
using ColdPages.Simulation;

namespace ColdPages.Tests;

/// <summary>An <see cref="IdleBitmapSource"/> on a simulated host, driven pass by pass with two seconds between.</summary>
internal sealed class IdleBitmapRun
{
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    private readonly List<long> _ends = [];

    public IdleBitmapRun(SimulatedHost host)
    {
        Host = host;
        Tree = Trees.Of(host.Files);
        Clock = new PassClock(host.TimeProvider);
        Source = new IdleBitmapSource(host.Files, Tree);
    }

    public SimulatedHost Host { get; }

    public MemcgTree Tree { get; }

    public PassClock Clock { get; private set; }

    public IdleBitmapSource Source { get; private set; }

    /// <summary>Whether a pass is under way.</summary>
    public bool InPass { get; private set; }

    public PageAges PageAges => AgesOf(Source);

    public OwnerTable Owners => OwnersOf(Source);

    /// <summary>Idle pages left out because too many memcgs share a group of frames.</summary>
    public long Crowded => ScanOf(Source).Crowded;

    public List<Doubt> Doubts
    {
        get
        {
            List<Doubt> doubts = [];
            Source.AddDoubts(doubts);
            return doubts;
        }
    }

    public long DoubtfulPages => Doubts.Sum(doubt => doubt.Bytes) / Host.PageSize;

    /// <summary>When a pass of this source ended, on the host's clock.</summary>
    public long EndOf(int pass) => _ends[pass];

    /// <summary>Forgets all that was measured: another source takes over.</summary>
    public void Restart()
    {
        Clock = new PassClock(Host.TimeProvider);
        Source = new IdleBitmapSource(Host.Files, Tree);
        _ends.Clear();
    }

    public Problem? Pass()
    {
        if (Clock.Begun > 0)
            Host.Advance(Interval);
        Clock.Begin();
        try
        {
            Assert.Equal(Errno.None, Tree.Refresh());
            InPass = true;
            return Source.Pass(Clock, CancellationToken.None);
        }
        finally
        {
            InPass = false;
            Clock.End();
            _ends.Add(Clock.LastEnd);

            // What happens next happens later.
            Host.Advance(TimeSpan.FromMilliseconds(1));
        }
    }

    public void Passes(int count)
    {
        for (int i = 0; i < count; i++)
            Assert.Null(Pass());
    }

    public Memcg? Find(SimulatedMemcg memcg) => Tree.FindPath(Encoding.UTF8.GetBytes(memcg.Path));

    public AgeHistogram Ages(SimulatedMemcg memcg) => Ages(Find(memcg)!);

    /// <summary>What the last pass left of a memcg, its own alone; with null, of what belongs to none.</summary>
    public AgeHistogram Ages(Memcg? memcg) => new(Clock.Edges(Source.Bins - 1), Values(memcg));

    public long[] Values(Memcg? memcg)
    {
        long[] values = new long[Source.Bins * BinLayout.Stride];
        Source.CopyAges(memcg, values);
        return values;
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_ages")]
    private static extern ref PageAges AgesOf(IdleBitmapSource source);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_owners")]
    private static extern ref OwnerTable OwnersOf(IdleBitmapSource source);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_scan")]
    private static extern ref IdleBlockScan ScanOf(IdleBitmapSource source);
}
