using System.Buffers;
using System.Text.Json;
using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;

namespace ColdPages.Benchmarks;

/// <summary>
/// The report of 10,000 memcgs as JSON; time and allocation are for one memcg. Beside it what System.Text.Json takes for the same text
/// as a tree of elements, which knows no histograms.
/// </summary>
[MemoryDiagnoser]
[GroupBenchmarksBy(BenchmarkLogicalGroupRule.ByCategory)]
[CategoriesColumn]
public class ReportJsonBenchmarks
{
    private readonly ArrayBufferWriter<byte> _output = new();
    private ColdPageSnapshot _snapshot = KubernetesHost.MakeSnapshot(1);
    private byte[] _json = [];
    private JsonDocument? _document;

    [Params(3, 30)]
    public int Bins { get; set; }

    [GlobalSetup]
    public void SetUp()
    {
        _snapshot = KubernetesHost.MakeSnapshot(Bins);
        Write();
        _json = _output.WrittenSpan.ToArray();
        _document = JsonDocument.Parse(_json);
        if (!Read().Equals(_snapshot))
            throw new InvalidOperationException("The report does not read back as it was written.");
        Console.WriteLine($"// report: {_json.Length} bytes, {_json.Length / KubernetesHost.Memcgs} a memcg");
    }

    [GlobalCleanup]
    public void CleanUp() => _document?.Dispose();

    [Benchmark(Baseline = true, OperationsPerInvoke = KubernetesHost.Memcgs, Description = "JsonElement.WriteTo")]
    [BenchmarkCategory("write")]
    public long WriteTree()
    {
        _output.ResetWrittenCount();
        using Utf8JsonWriter writer = new(_output);
        _document!.RootElement.WriteTo(writer);
        writer.Flush();
        return writer.BytesCommitted;
    }

    [Benchmark(OperationsPerInvoke = KubernetesHost.Memcgs, Description = "WriteJson")]
    [BenchmarkCategory("write")]
    public long Write()
    {
        _output.ResetWrittenCount();
        using Utf8JsonWriter writer = new(_output);
        _snapshot.WriteJson(writer);
        writer.Flush();
        return writer.BytesCommitted;
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = KubernetesHost.Memcgs, Description = "JsonDocument.Parse")]
    [BenchmarkCategory("read")]
    public JsonValueKind ReadTree()
    {
        using JsonDocument document = JsonDocument.Parse(_json);
        return document.RootElement.ValueKind;
    }

    [Benchmark(OperationsPerInvoke = KubernetesHost.Memcgs, Description = "ReadJson")]
    [BenchmarkCategory("read")]
    public ColdPageSnapshot Read() => ColdPageSnapshot.ReadJson(_json);
}
