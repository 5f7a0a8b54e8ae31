using System.Collections.ObjectModel;
using System.Text.Json;

namespace ColdPages;

/// <summary>Reads coldpages.report/1 back into a snapshot, whatever the order of its members.</summary>
internal static class ReportJsonReader
{
    // More than any memory holds; sums of these over any number of memcgs and bins that fits in memory fit in a long.
    private const long MaxBytes = 1L << 48;

    public static ColdPageSnapshot Read(ReadOnlySpan<byte> utf8Json)
    {
        Utf8JsonReader reader = new(utf8Json);
        using JsonDocument document = JsonDocument.ParseValue(ref reader);
        if (reader.Read())
            throw new JsonException("There is something behind the report.");
        try
        {
            return ReadReport(document.RootElement);
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException or KeyNotFoundException or ArgumentException or OverflowException)
        {
            throw new JsonException($"This is not a whole {ReportJson.Schema} report: {e.Message}", e);
        }
    }

    private static ColdPageSnapshot ReadReport(JsonElement root)
    {
        string? schema = root.GetProperty("schema"u8).GetString();
        if (schema != ReportJson.Schema)
            throw new FormatException($"its schema is '{schema}'.");
        string? sourceName = root.GetProperty("source"u8).GetString();
        if (!ColdPageSourceNames.TryParse(sourceName, out ColdPageSource source) || source == ColdPageSource.Auto)
            throw new FormatException($"'{sourceName}' is no source.");
        AgeHistogram unattributed = ReadIdle(root.GetProperty("unattributed"u8));
        if (unattributed.Count > SnapshotData.MaxBins)
            throw new FormatException($"{unattributed.Count} bins are more than the {SnapshotData.MaxBins} that a snapshot may have.");
        return new ColdPageSnapshot(ReadMemcgs(root.GetProperty("memcgs"u8), unattributed.Edges, root.TryGetProperty("nodes"u8, out JsonElement nodes) ? ReportDetailReader.ReadNodes(nodes, unattributed.Count) : null))
        {
            Source = source,
            Attribution = Text(root, "attribution"),
            Kernel = Text(root, "kernel"),
            TakenAt = ReadInstant(root.GetProperty("takenAt"u8)),
            Scans = root.GetProperty("scans"u8).GetInt32(),
            Interval = Time(root.GetProperty("intervalSeconds"u8)),
            Warnings = Texts(root.GetProperty("warnings"u8)),
            KindsMerged = root.TryGetProperty("kindsMerged"u8, out JsonElement merged) ? ReadKindsMerged(merged) : ReadOnlyDictionary<PageKind, PageKind>.Empty,
            Cost = ReadCost(root.GetProperty("cost"u8)),
            Unattributed = unattributed,
            Processes = root.TryGetProperty("processes"u8, out JsonElement processes) ? [.. processes.EnumerateArray().Select(process => ReadProcess(process, unattributed.Edges))] : [],
            Confidence = root.TryGetProperty("confidence"u8, out JsonElement confidence) ? ReadConfidence(confidence) : new ScanConfidence(false, 0, []),
            Failure = root.TryGetProperty("failure"u8, out JsonElement failure) ? failure.GetString() : null,
            Skipped = root.TryGetProperty("skipped"u8, out JsonElement skipped) ? skipped.GetInt32() : 0,
            Host = root.TryGetProperty("host"u8, out JsonElement host) ? ReadHost(host) : default,
        };
    }

    // Kinds that this version does not know have no bytes that it would read.
    private static ReadOnlyDictionary<PageKind, PageKind> ReadKindsMerged(JsonElement merged)
    {
        Dictionary<PageKind, PageKind> kinds = [];
        foreach (JsonProperty pair in merged.EnumerateObject())
        {
            if (TryFindKind(pair.Name, out PageKind kind) && TryFindKind(pair.Value.GetString(), out PageKind into))
                kinds[kind] = into;
        }

        return kinds.AsReadOnly();
    }

    private static bool TryFindKind(string? name, out PageKind kind)
    {
        for (kind = PageKind.Anon; (int)kind < BinLayout.Kinds; kind++)
        {
            if (ReportJson.NameOf(kind).Value == name)
                return true;
        }

        return false;
    }

    // The report has sums over subtrees, a snapshot what is each memcg's own: its sum less the sums of those right below it.
    private static SnapshotData ReadMemcgs(JsonElement array, TimeSpan[] edges, int[]? nodes)
    {
        ReportDetailReader? details = nodes is null ? null : new ReportDetailReader(edges, nodes);
        List<string> paths = [];
        List<int> parents = [];
        List<long[]> locals = [];
        List<long[]> promotions = [];
        List<JsonElement> elements = [];
        Stack<int> above = new();
        foreach (JsonElement element in array.EnumerateArray())
        {
            string path = Text(element, "path");
            long[] values = ReadValues(element, edges, $"memcg '{path}'");
            while (above.TryPeek(out int candidate) && !IsBelow(path, paths[candidate]))
                above.Pop();
            int parent = above.TryPeek(out int nearest) ? nearest : -1;
            long[] promoted = ReadPromotions(element, edges, path);
            bool isSum = Text(element, "scope") == "hierarchical";
            if (parent >= 0 && isSum)
            {
                Subtract(locals[parent], values, paths[parent]);
                SubtractPromotions(promotions[parent], promoted);
            }

            details?.Add(element, path, isSum ? parent : -1);

            above.Push(paths.Count);
            paths.Add(path);
            parents.Add(parent);
            locals.Add(values);
            promotions.Add(promoted);
            elements.Add(element);
        }

        SnapshotData data = new(edges, nodes);
        for (int i = 0; i < paths.Count; i++)
        {
            string name = parents[i] < 0 ? paths[i] : paths[i][(paths[parents[i]] == "/" ? 1 : paths[parents[i]].Length + 1)..];
            data.Add(name, parents[i], elements[i].GetProperty("inode"u8).GetUInt64(), ReadMemory(elements[i]), locals[i], promotions[i]);
            details?.AddTo(data, i);
        }

        data.Trim();
        return data;
    }

    private static bool IsBelow(string path, string other) =>
        other == "/" ? path.Length > 1 : path.Length > other.Length && path.StartsWith(other, StringComparison.Ordinal) && path[other.Length] == '/';

    public static void Subtract(long[] sums, long[] values, string path)
    {
        for (int i = 0; i < sums.Length; i++)
        {
            sums[i] -= values[i];
            if (sums[i] < 0)
                throw new FormatException($"memcg '{path}' holds less than those below it.");
        }
    }

    // Not every writer need count them on every level, as those of the pages do: what a memcg tells less than those below it is none of its own.
    private static void SubtractPromotions(long[] sums, long[] values)
    {
        for (int i = 0; i < sums.Length; i++)
            sums[i] = Math.Max(0, sums[i] - values[i]);
    }

    private static MemcgMemory ReadMemory(JsonElement element)
    {
        MemcgMemory memory = default;
        if (element.TryGetProperty("memory"u8, out JsonElement members))
        {
            foreach (ReportJson.MemoryMember member in ReportJson.MemoryMembers)
            {
                if (members.TryGetProperty(member.Name.EncodedUtf8Bytes, out JsonElement value) && (member.IsLimit || value.ValueKind != JsonValueKind.Null))
                    memory = member.Set(memory, IsNoLimit(value) ? MemcgMemory.NoLimit : member.IsLimit ? Limit(value) : NotNegative(value));
            }
        }
        else if (element.GetProperty("residentBytes"u8) is { ValueKind: JsonValueKind.Number } resident)
        {
            memory = Text(element, "scope") == "local"
                ? memory with { LocalBytes = NotNegative(resident) }
                : memory with { CurrentBytes = NotNegative(resident) };
        }

        return memory;
    }

    // Earlier versions wrote the number.
    private static bool IsNoLimit(JsonElement value) => value.ValueKind == JsonValueKind.Null || value.GetInt64() == MemcgMemory.NoLimit;

    // The bins of all memcgs are the same; only their numbers are kept.
    private static long[] ReadValues(JsonElement element, TimeSpan[] edges, string whose)
    {
        long[] values = new long[edges.Length * BinLayout.Stride];
        int bin = 0;
        foreach (JsonElement member in element.GetProperty("idle"u8).EnumerateArray())
        {
            AgeBin read = ReadBin(member);
            if (bin == edges.Length || read.From != edges[bin] || read.To != (bin + 1 < edges.Length ? edges[bin + 1] : null))
                throw new FormatException($"the bins of {whose} are not those of \"unattributed\".");
            BinLayout.Write(read, values.AsSpan(bin++ * BinLayout.Stride, BinLayout.Stride));
        }

        return bin == edges.Length ? values : throw new FormatException($"{whose} has {bin} bins where \"unattributed\" has {edges.Length}.");
    }

    private static long[] ReadPromotions(JsonElement memcg, TimeSpan[] edges, string path)
    {
        long[] values = new long[edges.Length * 2];
        foreach (JsonElement member in memcg.GetProperty("promotions"u8).EnumerateArray())
        {
            int bin = FindBin(member, edges);
            if (bin < 0)
                throw new FormatException($"a promotion of memcg '{path}' is in none of its bins.");
            long atMost = NotNegative(member.GetProperty("bytes"u8));
            long atLeast = member.TryGetProperty("lowerBytes"u8, out JsonElement lower) ? NotNegative(lower) : atMost;
            values[bin * 2] += Math.Min(atLeast, atMost);
            values[(bin * 2) + 1] += atMost;
        }

        return values;
    }

    // Where the clock stood still bins begin at the same time.
    private static int FindBin(JsonElement member, TimeSpan[] edges)
    {
        TimeSpan from = Time(member.GetProperty("fromSeconds"u8));
        TimeSpan? to = member.GetProperty("toSeconds"u8) is { ValueKind: JsonValueKind.Number } end ? Time(end) : null;
        int bin = Array.LastIndexOf(edges, from);
        while (bin > 0 && edges[bin - 1] == from && To(bin) != to)
            bin--;
        return bin >= 0 && To(bin) == to ? bin : -1;

        TimeSpan? To(int bin) => bin + 1 < edges.Length ? edges[bin + 1] : null;
    }

    private static DateTimeOffset ReadInstant(JsonElement element)
    {
        DateTime time = element.GetDateTime();
        return new DateTimeOffset(time.Kind == DateTimeKind.Unspecified ? DateTime.SpecifyKind(time, DateTimeKind.Utc) : time.ToUniversalTime());
    }

    private static AgeHistogram ReadIdle(JsonElement element) => AgeHistogram.Create(element.GetProperty("idle"u8).EnumerateArray().Select(ReadBin));

    private static AgeBin ReadBin(JsonElement bin)
    {
        JsonElement to = bin.GetProperty("toSeconds"u8);
        AgeBin read = new()
        {
            From = Time(bin.GetProperty("fromSeconds"u8)),
            To = to.ValueKind == JsonValueKind.Null ? null : Time(to),
            AnonBytes = Bytes(bin, "anonBytes"),
            FileBytes = Bytes(bin, "fileBytes"),
            ShmemBytes = Bytes(bin, "shmemBytes"),
        };
        return bin.TryGetProperty("upperBytes"u8, out JsonElement upper) ? read with { ExcessBytes = Math.Max(0, NotNegative(upper) - read.LowerBytes) } : read;
    }

    // A kind that the source can't tell apart has no member.
    private static long Bytes(JsonElement bin, string name) => bin.TryGetProperty(name, out JsonElement bytes) ? NotNegative(bytes) : 0;

    // Limits are never added up, and may be beyond any memory.
    private static long Limit(JsonElement number) => number.GetInt64() is >= 0 and long bytes ? bytes : throw new FormatException($"{number} is no number of bytes.");

    public static long NotNegative(JsonElement number) =>
        number.GetInt64() is >= 0 and <= MaxBytes and long bytes ? bytes : throw new FormatException($"{number} is no number of bytes.");

    private static ProcessAges ReadProcess(JsonElement process, TimeSpan[] edges)
    {
        int pid = process.GetProperty("pid"u8).GetInt32();
        return new ProcessAges(pid, Text(process, "name"), new AgeHistogram(edges, ReadValues(process, edges, $"process {pid}")));
    }

    private static ScanCost ReadCost(JsonElement cost) => new(
        Time(cost.GetProperty("userCpuSeconds"u8)), Time(cost.GetProperty("kernelCpuSeconds"u8)),
        ReadEntries(cost.GetProperty("entriesRead"u8)), ReadEntries(cost.GetProperty("entriesWritten"u8)),
        cost.GetProperty("stateBytes"u8).GetInt64());

    private static SortedDictionary<string, long> ReadEntries(JsonElement entries)
    {
        SortedDictionary<string, long> read = new(StringComparer.Ordinal);
        foreach (JsonProperty entry in entries.EnumerateObject())
            read[entry.Name] = entry.Value.GetInt64();
        return read;
    }

    private static ScanConfidence ReadConfidence(JsonElement confidence) => new(
        confidence.GetProperty("isActionable"u8).GetBoolean(), confidence.GetProperty("doubtfulBytes"u8).GetInt64(),
        Texts(confidence.GetProperty("doubts"u8)))
    {
        ScanTime = confidence.TryGetProperty("scanSeconds"u8, out JsonElement seconds) ? Time(seconds) : TimeSpan.Zero,
        AdoptedBytes = Optional(confidence, "adoptedBytes"u8),
        AskedAgainBytes = Optional(confidence, "askedAgainBytes"u8),
        UnseenBytes = Optional(confidence, "unseenBytes"u8),
        MissedBytes = Optional(confidence, "missedBytes"u8),
    };

    // Earlier versions did not write these.
    private static long? Optional(JsonElement parent, ReadOnlySpan<byte> name) =>
        parent.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? NotNegative(value) : null;

    private static HostMemory ReadHost(JsonElement host) => new()
    {
        TotalBytes = NotNegative(host.GetProperty("totalBytes"u8)),
        AvailableBytes = NotNegative(host.GetProperty("availableBytes"u8)),
        SwapTotalBytes = NotNegative(host.GetProperty("swapTotalBytes"u8)),
        SwapFreeBytes = NotNegative(host.GetProperty("swapFreeBytes"u8)),
        PageSize = host.GetProperty("pageSize"u8).GetInt32(),
    };

    public static TimeSpan Time(JsonElement seconds) => TimeSpan.FromTicks((long)decimal.Round(seconds.GetDecimal() * TimeSpan.TicksPerSecond));

    private static string Text(JsonElement element, string name) =>
        element.GetProperty(name).GetString() ?? throw new FormatException($"\"{name}\" is null.");

    private static string[] Texts(JsonElement array) => [.. array.EnumerateArray().Select(text => text.GetString() ?? "")];
}
