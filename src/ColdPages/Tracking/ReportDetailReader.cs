using System.Text.Json;

namespace ColdPages;

/// <summary>Reads the "detail" of the memcgs of a report, which may be sums over subtrees, back into what is each memcg's own.</summary>
internal sealed class ReportDetailReader(TimeSpan[] edges, int[] nodes)
{
    private readonly int _stride = IdleDetailLayout.Stride(nodes.Length);
    private readonly List<int> _parents = [];
    private readonly List<long[]> _read = [];
    private readonly List<long[]> _local = [];
    private readonly List<long[]> _idle = [];
    private bool _hasIdle;

    public static int[] ReadNodes(JsonElement array, int bins)
    {
        int[] nodes = [.. array.EnumerateArray().Select(node => node.GetInt32())];
        if (nodes.Zip(nodes.Skip(1)).Any(pair => pair.First >= pair.Second))
            throw new FormatException("\"nodes\" are not in ascending order.");
        if ((long)bins * IdleDetailLayout.Stride(nodes.Length) > SparseRows.MaxLength)
            throw new FormatException($"{nodes.Length} nodes and {bins} bins are more than a snapshot may have.");
        return nodes;
    }

    /// <summary>Adds the next memcg.</summary>
    /// <param name="memcg">It.</param>
    /// <param name="path">Its path.</param>
    /// <param name="parent">The one above whose numbers have its own in them; -1 where there is none.</param>
    public void Add(JsonElement memcg, string path, int parent)
    {
        long[] values = new long[MemcgDetail.ValuesOf(nodes.Length)];
        Array.Fill(values, MemcgDetail.Unknown);
        long[] idle = new long[edges.Length * _stride];
        if (memcg.TryGetProperty("detail"u8, out JsonElement detail))
        {
            ReadKnown(detail, ReportJson.DetailMembers, values);
            ReadEachNode(detail, values, static (node, values, index) => ReadKnown(node, ReportJson.NodeMembers, values.AsSpan(MemcgDetail.PlaceOf(index, NodeDetailItem.Anon))));
            if (detail.TryGetProperty("idle"u8, out JsonElement bins))
                ReadIdle(bins, idle, path);
        }

        _parents.Add(parent);
        _read.Add(values);
        _local.Add([.. values]);
        _idle.Add(idle);
        if (parent >= 0)
            ReportJsonReader.Subtract(_idle[parent], idle, path);

        // A number that is not known of the one above is in that of one further up.
        for (int i = 0; i < values.Length && parent >= 0; i++)
        {
            int above = parent;
            while (above >= 0 && _read[above][i] == MemcgDetail.Unknown)
                above = _parents[above];
            if (above >= 0 && values[i] != MemcgDetail.Unknown)
                _local[above][i] = Math.Max(0, _local[above][i] - values[i]);
        }
    }

    /// <summary>Adds what was read of a memcg to a snapshot that has all before it.</summary>
    public void AddTo(SnapshotData data, int index) => data.AddDetail(new MemcgDetail(nodes, _local[index]), _hasIdle ? _idle[index] : default);

    private void ReadIdle(JsonElement bins, long[] idle, string path)
    {
        _hasIdle = true;
        int bin = 0;
        foreach (JsonElement member in bins.EnumerateArray())
        {
            if (++bin >= edges.Length || ReportJsonReader.Time(member.GetProperty("fromSeconds"u8)) != edges[bin])
                throw new FormatException($"a bin of the idle memory in the detail of memcg '{path}' is none of its bins.");
            long[] values = new long[_stride];
            ReadKnown(member, ReportJson.IdleDetailMembers, values);
            ReadEachNode(member, values, static (node, values, index) => values[IdleDetailLayout.States + index] = ReportJsonReader.NotNegative(node.GetProperty("bytes"u8)));
            values.CopyTo(idle, bin * _stride);
        }
    }

    // Of a node that the report does not name at its top nothing is kept.
    private void ReadEachNode(JsonElement element, long[] values, Action<JsonElement, long[], int> read)
    {
        if (!element.TryGetProperty("nodes"u8, out JsonElement array))
            return;
        foreach (JsonElement node in array.EnumerateArray())
        {
            if (Array.BinarySearch(nodes, node.GetProperty("node"u8).GetInt32()) is >= 0 and int index)
                read(node, values, index);
        }
    }

    private static void ReadKnown(JsonElement element, JsonEncodedText[] members, Span<long> values)
    {
        for (int i = 0; i < members.Length; i++)
        {
            if (element.TryGetProperty(members[i].EncodedUtf8Bytes, out JsonElement value) && value.ValueKind != JsonValueKind.Null)
                values[i] = ReportJsonReader.NotNegative(value);
        }
    }
}
