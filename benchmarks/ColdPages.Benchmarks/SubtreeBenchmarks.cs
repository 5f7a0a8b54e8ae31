using BenchmarkDotNet.Attributes;

namespace ColdPages.Benchmarks;

/// <summary>What readers ask a snapshot of 10,000 memcgs: the sum of all of it, all sums of the tree, one memcg by its path.</summary>
[MemoryDiagnoser]
public class SubtreeBenchmarks
{
    private ColdPageSnapshot _snapshot = KubernetesHost.MakeSnapshot(1);
    private string _lastPath = "/";

    [Params(3, 30)]
    public int Bins { get; set; }

    [GlobalSetup]
    public void SetUp()
    {
        _snapshot = KubernetesHost.MakeSnapshot(Bins);
        _lastPath = KubernetesHost.LastPath(_snapshot);
        if (SumOfLocals() != Root())
            throw new InvalidOperationException("The sum of all memcgs is not that of the root.");
    }

    /// <summary>The same number by way of a histogram for each memcg.</summary>
    [Benchmark(Baseline = true, Description = "sum of local histograms")]
    public long SumOfLocals()
    {
        long sum = 0;
        foreach (MemcgAges memcg in _snapshot["/"].Subtree())
            sum += memcg.Idle(MemcgScope.Local).TotalBytes;
        return sum;
    }

    [Benchmark(Description = "Idle of the root")]
    public long Root() => _snapshot["/"].Idle().TotalBytes;

    /// <summary>What a table of all memcgs takes: each page is added once for each memcg above it.</summary>
    [Benchmark(Description = "Idle of each memcg")]
    public long EverySubtree()
    {
        long sum = 0;
        foreach (MemcgAges memcg in _snapshot.Memcgs)
            sum += memcg.Idle().TotalBytes;
        return sum;
    }

    [Benchmark(Description = "Coldest(10)")]
    public IReadOnlyList<MemcgAges> Coldest() => _snapshot.Coldest(10);

    /// <summary>The worst place for it, behind all siblings of all levels.</summary>
    [Benchmark(Description = "find the last memcg")]
    public MemcgAges Find() => _snapshot[_lastPath];
}
