using System.Text;
using Microsoft.Extensions.Time.Testing;

namespace ColdPages.Tests;

/// <summary>A <see cref="ReferencedSource"/> on a host in memory, driven pass by pass: each lasts half a second, two seconds lie between.</summary>
internal sealed class ReferencedRun
{
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);
    public static readonly TimeSpan Lasts = TimeSpan.FromSeconds(0.5);

    public ReferencedRun(FakeHost host, int window = 1, string? memcg = null, params int[] processes)
    {
        Host = host;
        Tree = Trees.Of(host);
        Clock = new PassClock(Time);
        Source = new ReferencedSource(host, Tree, new SourceOptions(memcg, processes, TimeSpan.FromSeconds(2), Time, window));
    }

    public FakeHost Host { get; }

    public FakeTimeProvider Time { get; } = new();

    public PassClock Clock { get; }

    public MemcgTree Tree { get; }

    public ReferencedSource Source { get; }

    public AgeHistogram Unattributed => Ages(null);

    public List<Doubt> Doubts
    {
        get
        {
            List<Doubt> doubts = [];
            Source.AddDoubts(doubts);
            return doubts;
        }
    }

    public Problem? Pass() => PassUnless(CancellationToken.None);

    /// <summary>A pass that ends early where the token is cancelled.</summary>
    public Problem? PassUnless(CancellationToken cancelled)
    {
        if (Clock.Begun > 0)
            Time.Advance(Interval);
        Clock.Begin();
        try
        {
            Tree.Refresh();
            return Source.Pass(Clock, cancelled);
        }
        finally
        {
            Time.Advance(Lasts);
            Clock.End();
        }
    }

    public void Passes(int count)
    {
        for (int i = 0; i < count; i++)
            Pass();
    }

    /// <summary>What the last pass left of one memcg, its own alone.</summary>
    public AgeHistogram Memcg(string path) => Ages(Tree.FindPath(Encoding.Latin1.GetBytes(path))!);

    /// <summary>What the last pass left of a memcg, or of what belongs to none.</summary>
    public AgeHistogram Ages(Memcg? memcg)
    {
        long[] values = new long[Source.Bins * BinLayout.Stride];
        Source.CopyAges(memcg, values);
        return new AgeHistogram(Clock.Edges(Source.Bins - 1), values);
    }

    /// <summary>What the last pass left of one of the processes told apart; null where it did not find it.</summary>
    public AgeHistogram? Process(int index)
    {
        long[] values = new long[Source.Bins * BinLayout.Stride];
        return Source.TryCopyProcessAges(index, values) ? new AgeHistogram(Clock.Edges(Source.Bins - 1), values) : null;
    }
}
