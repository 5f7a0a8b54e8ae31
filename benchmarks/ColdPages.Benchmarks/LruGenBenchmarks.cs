using System.Globalization;
using System.Text;
using BenchmarkDotNet.Attributes;

namespace ColdPages.Benchmarks;

/// <summary>
/// Parsing the lru_gen of a host with 10,000 memcgs of four generations each; time and allocation are for one generation. What the kernel takes to write
/// the text is not in it.
/// </summary>
[MemoryDiagnoser]
public class LruGenBenchmarks
{
    private const int GenerationsAMemcg = 4;
    private const int Generations = KubernetesHost.Memcgs * GenerationsAMemcg;

    private byte[] _text = [];
    private Totals _expected;

    private readonly record struct Totals(int Generations, long AnonPages, long FilePages);

    [GlobalSetup]
    public void SetUp()
    {
        _text = MakeText(out _expected);
        if (_expected.Generations != Generations || Sum() != _expected || SumBySplit() != _expected)
            throw new InvalidOperationException($"{Sum()} and {SumBySplit()} are to be {_expected}.");
        Console.WriteLine($"// lru_gen: {_text.Length} bytes, {_text.Length / KubernetesHost.Memcgs} a memcg");
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = Generations, Description = "one string, Split")]
    public long Split() => SumBySplit().AnonPages;

    [Benchmark(OperationsPerInvoke = Generations, Description = "LruGenText")]
    public long Rows() => Sum().AnonPages;

    private Totals Sum()
    {
        int generations = 0;
        long anon = 0;
        long file = 0;
        LruGenText rows = new(_text);
        while (rows.MoveNext())
        {
            LruGeneration row = rows.Current;
            generations++;
            anon += row.AnonPages;
            file += row.FilePages;
        }

        return rows.Malformed == 0 ? new Totals(generations, anon, file) : throw new InvalidOperationException($"{rows.Malformed} lines were not understood.");
    }

    // What one writes first: File.ReadAllText, then Split by lines and by blanks. It keeps no path, and looks at no age.
    private Totals SumBySplit()
    {
        int generations = 0;
        long anon = 0;
        long file = 0;
        foreach (string line in Encoding.UTF8.GetString(_text).Split('\n'))
        {
            string[] fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length != 4 || fields[0] == "memcg")
                continue;
            generations++;
            anon += long.Parse(fields[2], CultureInfo.InvariantCulture);
            file += long.Parse(fields[3], CultureInfo.InvariantCulture);
        }

        return new Totals(generations, anon, file);
    }

    // As lru_gen_seq_show in mm/vmscan.c of Linux 6.12 writes it, for one node.
    private static byte[] MakeText(out Totals totals)
    {
        Random random = new(1);
        StringBuilder text = new();
        totals = default;
        int id = 0;
        foreach (MemcgAges memcg in KubernetesHost.MakeSnapshot(1).Memcgs)
        {
            text.Append(CultureInfo.InvariantCulture, $"memcg {++id,5} {memcg.Path}\n node {0,5}\n");
            int oldest = random.Next(1000);
            long age = random.Next(1_000_000_000);
            for (int generation = 0; generation < GenerationsAMemcg; generation++)
            {
                // Only containers hold processes, and so pages of their own.
                bool isContainer = memcg.Path.EndsWith(".scope", StringComparison.Ordinal);
                long anon = isContainer ? random.Next(1 << random.Next(20)) : 0;
                long file = isContainer ? random.Next(1 << random.Next(20)) : 0;
                text.Append(CultureInfo.InvariantCulture, $" {oldest + generation,10} {age,10} {anon,10}  {file,10} \n");
                totals = new Totals(totals.Generations + 1, totals.AnonPages + anon, totals.FilePages + file);
                age /= 2;
            }
        }

        return Encoding.ASCII.GetBytes(text.ToString());
    }
}
