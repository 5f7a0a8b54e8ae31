using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Filters;

namespace ColdPages.Benchmarks;

/// <summary>The kernels over what one read of 4096 bytes brings, 512 words in cache: the scalar code and each width that this CPU has.</summary>
[Config(typeof(AvailableWidths))]
[MinColumn]
public class BitmapBenchmarks
{
    private const int Length = 512;

    private readonly ulong[] _a = new ulong[Length];
    private readonly ulong[] _b = new ulong[Length];
    private readonly ulong[] _first = new ulong[Length];
    private readonly ulong[] _second = new ulong[Length];
    private Func<VectorWidth, long> _run = _ => 0;

    public enum BitmapKernelKind
    {
        Compare,
        Neither,
        PopCount,

        /// <summary>Folios of 16 pages, on half of the pages.</summary>
        ExpandHeads4,

        /// <summary>All memory in folios of 512 pages, as of huge pages of 2 MiB on x86.</summary>
        ExpandHeads9,

        /// <summary>All entries in runs of 1, 16 and 512 of the same.</summary>
        RunsOf1,
        RunsOf16,
        RunOf512,
    }

    [ParamsAllValues]
    public BitmapKernelKind Kernel { get; set; }

    [GlobalSetup]
    public void SetUp()
    {
        Random random = new(1);
        for (int i = 0; i < Length; i++)
        {
            _b[i] = Random(random);
            _a[i] = Kernel switch
            {
                BitmapKernelKind.ExpandHeads4 => Random(random) & 0x0001_0001_0001_0001,
                BitmapKernelKind.ExpandHeads9 => i % 8 == 0 ? 1UL : 0,
                BitmapKernelKind.RunsOf1 => (ulong)i,
                BitmapKernelKind.RunsOf16 => (ulong)i / 16,
                BitmapKernelKind.RunOf512 => 1,
                _ => Random(random),
            };
        }

        _run = Kernel switch
        {
            BitmapKernelKind.Compare => width => Bitmaps.Compare(_a, _b, _first, _second, width) ? 1 : 0,
            BitmapKernelKind.Neither => width =>
            {
                Bitmaps.Neither(_a, _b, _first, width);
                return 0;
            }
            ,
            BitmapKernelKind.PopCount => width => Bitmaps.PopCount(_a, width),
            BitmapKernelKind.ExpandHeads4 => width => Expand(4, width),
            BitmapKernelKind.ExpandHeads9 => width => Expand(9, width),
            _ => Runs,
        };
        long expected = _run(VectorWidth.Scalar);
        ulong[] expectedFirst = [.. _first];
        ulong[] expectedSecond = [.. _second];
        foreach (VectorWidth width in VectorWidths.Available)
        {
            _first.AsSpan().Clear();
            _second.AsSpan().Clear();
            if (_run(width) != expected || !_first.SequenceEqual(expectedFirst) || !_second.SequenceEqual(expectedSecond))
                throw new InvalidOperationException($"{Kernel} at {width} does not find what scalar code finds.");
        }
    }

    [Benchmark(Baseline = true)]
    public long Scalar() => _run(VectorWidth.Scalar);

    [Benchmark]
    public long Bits128() => _run(VectorWidth.Bits128);

    [Benchmark]
    public long Bits256() => _run(VectorWidth.Bits256);

    [Benchmark]
    public long Bits512() => _run(VectorWidth.Bits512);

    private static ulong Random(Random random) => (ulong)random.NextInt64(long.MinValue, long.MaxValue);

    private long Expand(int order, VectorWidth width)
    {
        Bitmaps.ExpandHeads(_a, order, _first, width);
        return 0;
    }

    // Of all entries, as a scan walks them.
    private long Runs(VectorWidth width)
    {
        long runs = 0;
        for (int at = 0; at < Length; runs++)
            at += Bitmaps.RunLength(_a.AsSpan(at), width);
        return runs;
    }

    // A width that the CPU does not have would be emulated and say nothing about it.
    private sealed class AvailableWidths : ManualConfig
    {
        public AvailableWidths() => AddFilter(new SimpleFilter(
            benchmark => VectorWidths.Available.Contains(Enum.Parse<VectorWidth>(benchmark.Descriptor.WorkloadMethod.Name))));
    }
}
