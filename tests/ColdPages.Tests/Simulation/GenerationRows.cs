using System.Text;
using ColdPages.Simulation;

namespace ColdPages.Tests;

/// <summary>A row of lru_gen: a generation of one memcg on one node.</summary>
internal readonly record struct GenerationRow(ulong Id, int Node, long Generation, long Anon, long File);

/// <summary>The rows of lru_gen of a simulated host, as its text has them.</summary>
internal static class GenerationRows
{
    public static List<GenerationRow> Of(SimulatedHost host, string path) => Parse(host.Text(LruGen.Name), path);

    /// <summary>Those of the memcgs at a path, or with null of all.</summary>
    public static List<GenerationRow> Parse(string text, string? path)
    {
        List<GenerationRow> rows = [];
        LruGenText lines = new(Encoding.UTF8.GetBytes(text));
        while (lines.MoveNext())
        {
            LruGeneration row = lines.Current;
            if (path is null || Encoding.UTF8.GetString(row.Path) == path)
                rows.Add(new GenerationRow(row.MemcgId, row.Node, (long)row.Sequence, row.AnonPages, row.FilePages));
        }

        Assert.Equal(0, lines.Malformed);
        return rows;
    }

    /// <summary>Has a memcg's generations begin as a program would; fails unless that is done.</summary>
    public static void Age(this SimulatedHost host, SimulatedMemcg memcg, int times = 1)
    {
        for (int i = 0; i < times; i++)
        {
            for (int node = 0; node < memcg.Generations.Length; node++)
                Assert.Equal(Errno.None, host.Command($"+ {memcg.LruGenId} {node} {memcg.Generations[node].Youngest} 1 1\n"));
        }
    }

    public static Errno Command(this SimulatedHost host, string command)
    {
        IoResult result = host.Write(LruGen.Name, 0, Encoding.UTF8.GetBytes(command));
        Assert.True(!result.Ok || result.Count == command.Length);
        return result.Error;
    }
}
