using System.Text.Json;

namespace ColdPages;

/// <summary>Writes a snapshot as coldpages.report/1. Nothing is allocated for a bin; a memcg costs the string of its path.</summary>
internal sealed class ReportJsonWriter
{
    private readonly Utf8JsonWriter _writer;
    private readonly ColdPageSnapshot _snapshot;
    private readonly MemcgScope _scope;
    private readonly long[] _values;
    private readonly long[] _promotions;
    private readonly long[] _idleDetail;
    private readonly int[] _nodes;
    private readonly decimal[] _edgeSeconds;
    private readonly bool[] _isTold;

    public ReportJsonWriter(Utf8JsonWriter writer, ColdPageSnapshot snapshot, MemcgScope scope)
    {
        _writer = writer;
        _snapshot = snapshot;
        _scope = scope;
        _values = new long[snapshot.Data.ValuesPerHistogram];
        _promotions = new long[snapshot.Data.PromotionValues];
        _idleDetail = new long[snapshot.Data.IdleDetailValues];
        _nodes = snapshot.Data.Nodes ?? [];
        _isTold = [.. Enumerable.Range(0, BinLayout.Kinds).Select(kind => !snapshot.KindsMerged.ContainsKey((PageKind)kind))];
        _edgeSeconds = Array.ConvertAll(snapshot.Data.Edges, Seconds);
    }

    public void Write(IReadOnlyList<MemcgAges> memcgs)
    {
        _writer.WriteStartObject();
        _writer.WriteString("schema"u8, ReportJson.Schema);
        _writer.WriteString("source"u8, _snapshot.Source.ToName());
        _writer.WriteString("attribution"u8, _snapshot.Attribution);
        _writer.WriteString("kernel"u8, _snapshot.Kernel);
        _writer.WriteString("takenAt"u8, _snapshot.TakenAt.UtcDateTime);
        _writer.WriteNumber("scans"u8, _snapshot.Scans);
        _writer.WriteNumber("intervalSeconds"u8, Seconds(_snapshot.Interval));
        WriteStrings("warnings"u8, _snapshot.Warnings);
        WriteKindsMerged();
        WriteCost();
        _writer.WriteStartArray("memcgs"u8);
        foreach (MemcgAges memcg in memcgs)
            WriteMemcg(memcg);
        _writer.WriteEndArray();
        _writer.WriteStartObject("unattributed"u8);
        WriteIdle(_snapshot.Unattributed);
        _writer.WriteEndObject();
        if (_snapshot.Processes.Count > 0)
            WriteProcesses();
        WriteConfidence();
        if (_snapshot.Failure is not null)
            _writer.WriteString("failure"u8, _snapshot.Failure);
        if (_snapshot.Skipped > 0)
            _writer.WriteNumber("skipped"u8, _snapshot.Skipped);
        WriteHost();
        if (_snapshot.Data.Nodes is not null)
            WriteNodes();
        _writer.WriteEndObject();
    }

    private static decimal Seconds(TimeSpan time) => (decimal)time.Ticks / TimeSpan.TicksPerSecond;

    private void WriteMemcg(MemcgAges memcg)
    {
        _snapshot.Data.Sum(memcg.Index, _scope, _values);
        long tracked = 0;
        for (int i = 0; i < _values.Length; i++)
            tracked += i % BinLayout.Stride == BinLayout.Excess ? 0 : _values[i];
        MemcgMemory memory = memcg.Memory;
        long? resident = _scope == MemcgScope.Local ? memory.LocalBytes : memory.CurrentBytes;
        _writer.WriteStartObject();
        _writer.WriteString("path"u8, memcg.Path);
        _writer.WriteNumber("inode"u8, memcg.Inode);
        _writer.WriteString("scope"u8, _scope == MemcgScope.Local ? "local"u8 : "hierarchical"u8);
        WriteOptional("residentBytes"u8, resident);
        _writer.WriteNumber("trackedBytes"u8, tracked);
        WriteOptional("untrackedBytes"u8, resident is null ? null : Math.Max(0, resident.Value - tracked));
        WriteIdle(_values);
        _snapshot.Data.SumPromotions(memcg.Index, _scope, _promotions);
        WritePromotions();
        _writer.WriteStartObject("memory"u8);
        foreach (ReportJson.MemoryMember member in ReportJson.MemoryMembers)
        {
            // JavaScript and jq cannot hold the number that stands for no limit.
            long? bytes = member.Get(memory);
            if (bytes == MemcgMemory.NoLimit && member.IsLimit)
                _writer.WriteNull(member.Name);
            else if (bytes is not null)
                _writer.WriteNumber(member.Name, bytes.Value);
        }

        _writer.WriteEndObject();
        if (memcg.Detail(_scope) is { } detail)
            WriteDetail(memcg.Index, detail);
        _writer.WriteEndObject();
    }

    private void WriteDetail(int index, MemcgDetail detail)
    {
        _writer.WriteStartObject("detail"u8);
        WriteKnown(detail.Values, ReportJson.DetailMembers);
        if (detail.FileCleanBytes is { } clean)
            _writer.WriteNumber("fileCleanBytes"u8, clean);
        _writer.WriteStartArray("nodes"u8);
        for (int node = 0; node < _nodes.Length; node++)
        {
            _writer.WriteStartObject();
            _writer.WriteNumber("node"u8, _nodes[node]);
            WriteKnown(detail.Values[MemcgDetail.PlaceOf(node, NodeDetailItem.Anon)..], ReportJson.NodeMembers);
            _writer.WriteEndObject();
        }

        _writer.WriteEndArray();
        if (_snapshot.Data.HasIdleDetail)
        {
            _snapshot.Data.SumIdleDetail(index, _scope, _idleDetail);
            WriteIdleDetail();
        }

        _writer.WriteEndObject();
    }

    private void WriteKnown(ReadOnlySpan<long> values, JsonEncodedText[] members)
    {
        for (int i = 0; i < members.Length; i++)
        {
            if (values[i] != MemcgDetail.Unknown)
                _writer.WriteNumber(members[i], values[i]);
        }
    }

    // What was touched is not asked about.
    private void WriteIdleDetail()
    {
        int stride = IdleDetailLayout.Stride(_nodes.Length);
        _writer.WriteStartArray("idle"u8);
        for (int bin = 1; bin < _edgeSeconds.Length; bin++)
        {
            ReadOnlySpan<long> values = _idleDetail.AsSpan(bin * stride, stride);
            _writer.WriteStartObject();
            WriteRange(bin);
            WriteKnown(values, ReportJson.IdleDetailMembers);
            _writer.WriteStartArray("nodes"u8);
            for (int node = 0; node < _nodes.Length; node++)
            {
                _writer.WriteStartObject();
                _writer.WriteNumber("node"u8, _nodes[node]);
                _writer.WriteNumber("bytes"u8, values[IdleDetailLayout.States + node]);
                _writer.WriteEndObject();
            }

            _writer.WriteEndArray();
            _writer.WriteEndObject();
        }

        _writer.WriteEndArray();
    }

    private void WriteNodes()
    {
        _writer.WriteStartArray("nodes"u8);
        foreach (int node in _nodes)
            _writer.WriteNumberValue(node);
        _writer.WriteEndArray();
    }

    private void WriteIdle(AgeHistogram histogram)
    {
        histogram.CopyTo(_values);
        WriteIdle(_values);
    }

    private void WritePromotions()
    {
        _writer.WriteStartArray("promotions"u8);
        for (int bin = 0; bin < _edgeSeconds.Length; bin++)
        {
            long atLeast = _promotions[bin * 2];
            long atMost = _promotions[(bin * 2) + 1];
            if (atMost == 0)
                continue;
            _writer.WriteStartObject();
            WriteRange(bin);
            _writer.WriteNumber("bytes"u8, atMost);
            if (atLeast != atMost)
                _writer.WriteNumber("lowerBytes"u8, atLeast);
            _writer.WriteEndObject();
        }

        _writer.WriteEndArray();
    }

    private void WriteRange(int bin)
    {
        _writer.WriteNumber("fromSeconds"u8, _edgeSeconds[bin]);
        if (bin + 1 < _edgeSeconds.Length)
            _writer.WriteNumber("toSeconds"u8, _edgeSeconds[bin + 1]);
        else
            _writer.WriteNull("toSeconds"u8);
    }

    private void WriteIdle(ReadOnlySpan<long> values)
    {
        _writer.WriteStartArray("idle"u8);
        for (int bin = 0; bin < _edgeSeconds.Length; bin++)
        {
            ReadOnlySpan<long> numbers = values.Slice(bin * BinLayout.Stride, BinLayout.Stride);
            long certain = numbers[0] + numbers[1] + numbers[2];
            long excess = numbers[BinLayout.Excess];
            _writer.WriteStartObject();
            WriteRange(bin);
            for (int kind = 0; kind < BinLayout.Kinds; kind++)
            {
                // A report that somebody else made may say both; nothing of it is to be lost.
                if (_isTold[kind] || numbers[kind] != 0)
                    _writer.WriteNumber(ReportJson.BytesOf((PageKind)kind), numbers[kind]);
            }

            if (excess != 0)
            {
                _writer.WriteNumber("lowerBytes"u8, certain);
                _writer.WriteNumber("upperBytes"u8, certain + excess);
            }

            _writer.WriteEndObject();
        }

        _writer.WriteEndArray();
    }

    private void WriteKindsMerged()
    {
        if (_snapshot.KindsMerged.Count == 0)
            return;
        _writer.WriteStartObject("kindsMerged"u8);
        foreach ((PageKind kind, PageKind into) in _snapshot.KindsMerged)
            _writer.WriteString(ReportJson.NameOf(kind), ReportJson.NameOf(into));
        _writer.WriteEndObject();
    }

    private void WriteCost()
    {
        ScanCost cost = _snapshot.Cost;
        _writer.WriteStartObject("cost"u8);
        _writer.WriteNumber("userCpuSeconds"u8, Seconds(cost.UserCpu));
        _writer.WriteNumber("kernelCpuSeconds"u8, Seconds(cost.KernelCpu));
        WriteEntries("entriesRead"u8, cost.EntriesRead);
        WriteEntries("entriesWritten"u8, cost.EntriesWritten);
        _writer.WriteNumber("stateBytes"u8, cost.StateBytes);
        _writer.WriteEndObject();
    }

    private void WriteEntries(ReadOnlySpan<byte> name, IReadOnlyDictionary<string, long> entries)
    {
        _writer.WriteStartObject(name);
        foreach ((string file, long count) in entries)
            _writer.WriteNumber(file, count);
        _writer.WriteEndObject();
    }

    private void WriteProcesses()
    {
        _writer.WriteStartArray("processes"u8);
        foreach (ProcessAges process in _snapshot.Processes)
        {
            _writer.WriteStartObject();
            _writer.WriteNumber("pid"u8, process.Pid);
            _writer.WriteString("name"u8, process.Name);
            WriteIdle(process.Idle);
            _writer.WriteEndObject();
        }

        _writer.WriteEndArray();
    }

    private void WriteConfidence()
    {
        _writer.WriteStartObject("confidence"u8);
        _writer.WriteBoolean("isActionable"u8, _snapshot.Confidence.IsActionable);
        _writer.WriteNumber("doubtfulBytes"u8, _snapshot.Confidence.DoubtfulBytes);
        WriteStrings("doubts"u8, _snapshot.Confidence.Doubts);
        _writer.WriteNumber("scanSeconds"u8, Seconds(_snapshot.Confidence.ScanTime));
        WriteOptional("adoptedBytes"u8, _snapshot.Confidence.AdoptedBytes);
        WriteOptional("askedAgainBytes"u8, _snapshot.Confidence.AskedAgainBytes);
        WriteOptional("unseenBytes"u8, _snapshot.Confidence.UnseenBytes);
        WriteOptional("missedBytes"u8, _snapshot.Confidence.MissedBytes);
        _writer.WriteEndObject();
    }

    private void WriteHost()
    {
        HostMemory host = _snapshot.Host;
        _writer.WriteStartObject("host"u8);
        _writer.WriteNumber("totalBytes"u8, host.TotalBytes);
        _writer.WriteNumber("availableBytes"u8, host.AvailableBytes);
        _writer.WriteNumber("swapTotalBytes"u8, host.SwapTotalBytes);
        _writer.WriteNumber("swapFreeBytes"u8, host.SwapFreeBytes);
        _writer.WriteNumber("pageSize"u8, host.PageSize);
        _writer.WriteEndObject();
    }

    private void WriteStrings(ReadOnlySpan<byte> name, IReadOnlyList<string> texts)
    {
        _writer.WriteStartArray(name);
        foreach (string text in texts)
            _writer.WriteStringValue(text);
        _writer.WriteEndArray();
    }

    private void WriteOptional(ReadOnlySpan<byte> name, long? value)
    {
        if (value is null)
            _writer.WriteNull(name);
        else
            _writer.WriteNumber(name, value.Value);
    }
}
