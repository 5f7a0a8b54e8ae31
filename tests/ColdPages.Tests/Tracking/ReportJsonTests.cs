using System.Buffers;
using System.Text.Json;
using System.Text.Json.Nodes;
using FsCheck.Xunit;

namespace ColdPages.Tests;

public sealed class ReportJsonTests
{
    [Property(MaxTest = 500)]
    public void A_report_reads_back_to_an_equal_snapshot(int seed)
    {
        ColdPageSnapshot snapshot = SnapshotFactory.Random(seed);
        ColdPageSnapshot read = ColdPageSnapshot.ReadJson(Write(snapshot));
        Assert.Equal(snapshot, read);
        Assert.Equal(snapshot.GetHashCode(), read.GetHashCode());
        Assert.Equal(snapshot, ColdPageSnapshot.ReadJson(Write(snapshot, MemcgScope.Local)));
    }

    [Property(MaxTest = 200)]
    public void A_report_of_some_memcgs_keeps_their_numbers(int seed)
    {
        ColdPageSnapshot snapshot = SnapshotFactory.Random(seed);
        IReadOnlyList<MemcgAges> some = snapshot.Coldest(3);
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter writer = new(buffer))
            snapshot.WriteJson(writer, MemcgScope.Hierarchical, some);
        ColdPageSnapshot read = ColdPageSnapshot.ReadJson(buffer.WrittenSpan);
        Assert.Equal(some.Select(memcg => memcg.Path), read.Memcgs.Select(memcg => memcg.Path));
        foreach (MemcgAges memcg in some)
        {
            Assert.Equal(memcg.Idle(), read[memcg.Path].Idle());
            Assert.Equal(memcg.Promotions(), read[memcg.Path].Promotions());
            Assert.Equal(memcg.Detail(), read[memcg.Path].Detail());
            Assert.Equal(memcg.IdleDetail(), read[memcg.Path].IdleDetail());
        }
    }

    [Theory]
    [InlineData(MemcgScope.Hierarchical, 9, """[{"fromSeconds":0,"toSeconds":2,"bytes":40,"lowerBytes":4},{"fromSeconds":2,"toSeconds":null,"bytes":9}]""")]
    [InlineData(MemcgScope.Local, 2, """[{"fromSeconds":0,"toSeconds":2,"bytes":40,"lowerBytes":4},{"fromSeconds":2,"toSeconds":null,"bytes":2}]""")]
    public void Promotions_are_written_where_there_are_any_with_a_lower_bound_where_it_is_another(MemcgScope scope, long last, string json)
    {
        SnapshotData data = new([TimeSpan.Zero, TimeSpan.FromSeconds(2)]);
        int root = data.Add("/", -1, 1, default, [1, 0, 0, 0, 0, 0, 0, 0], [4, 40, 2, 2]);
        data.Add("a", root, 2, default, [1, 0, 0, 0, 0, 0, 0, 0], [0, 0, 7, 7]);
        data.Add("b", root, 3, default, [1, 0, 0, 0, 0, 0, 0, 0]);
        ColdPageSnapshot snapshot = SnapshotFactory.Make(data, new Random(1));
        Assert.Equal(new ByteBounds(4 + last, 40 + last), snapshot["/"].Promotions(scope).Total);
        Assert.Equal(new ByteBounds(7, 7), snapshot["/a"].Promotions(scope).Total);
        Assert.Empty(snapshot["/b"].Promotions(scope));
        JsonNode memcgs = JsonNode.Parse(Write(snapshot, scope))!["memcgs"]!;
        Assert.Equal(json, memcgs[0]!["promotions"]!.ToJsonString());
        Assert.Equal("[]", memcgs[2]!["promotions"]!.ToJsonString());
        Assert.Equal(snapshot, ColdPageSnapshot.ReadJson(Write(snapshot, scope)));
    }

    [Theory]
    [InlineData("""{"fromSeconds":1,"toSeconds":2,"bytes":4}""")] // No bin begins there.
    [InlineData("""{"fromSeconds":0,"toSeconds":null,"bytes":-4}""")]
    [InlineData("""{"fromSeconds":0,"toSeconds":null,"bytes":4,"lowerBytes":-1}""")]
    [InlineData("""{"fromSeconds":0,"toSeconds":null}""")]
    public void Promotions_that_cannot_be_are_refused(string promotion)
    {
        SnapshotData data = new([TimeSpan.Zero]);
        data.Add("/", -1, 1, default, [1, 0, 0, 0]);
        JsonNode report = JsonNode.Parse(Write(SnapshotFactory.Make(data, new Random(1))))!;
        report["memcgs"]![0]!["promotions"] = new JsonArray(JsonNode.Parse(promotion));
        Assert.ThrowsAny<JsonException>(() => ColdPageSnapshot.ReadJson(System.Text.Encoding.UTF8.GetBytes(report.ToJsonString())));
    }

    [Fact]
    public void The_members_are_those_of_the_contract()
    {
        using ClockedHost host = ClockedHost.WithOneProcess(out FakeMapping memory);
        using ColdPageTracker tracker = host.Open(options => options with { ReferencedWindow = 10, Processes = [1] });
        tracker.Scan();
        host.Advance(2.01);
        tracker.Scan();
        host.Advance(2.02);
        memory.Referenced = 100L << 20;
        tracker.Scan();

        JsonObject report = JsonNode.Parse(Write(tracker.TakeSnapshot()))!.AsObject();
        string[] members = ["schema", "source", "attribution", "kernel", "takenAt", "scans", "intervalSeconds", "warnings", "cost", "memcgs", "unattributed"];
        Assert.Equal(members, report.Select(member => member.Key).Take(members.Length));
        Assert.Equal("coldpages.report/1", (string?)report["schema"]);
        Assert.Equal("referenced", (string?)report["source"]);
        Assert.Equal("process", (string?)report["attribution"]);
        Assert.Equal("6.12.95", (string?)report["kernel"]);
        Assert.Equal("2026-03-01T12:00:04.03Z", (string?)report["takenAt"]);
        Assert.Equal(3, (int?)report["scans"]);
        Assert.Equal(2.0, (double?)report["intervalSeconds"]);
        Assert.Equal(["userCpuSeconds", "kernelCpuSeconds", "entriesRead", "entriesWritten", "stateBytes"], report["cost"]!.AsObject().Select(member => member.Key));
        Assert.True((long?)report["cost"]!["entriesRead"]!["/proc/PID/smaps"] > 0);
        Assert.Equal(1, (long?)report["cost"]!["entriesWritten"]!["/proc/PID/clear_refs"]);

        JsonArray memcgs = report["memcgs"]!.AsArray();
        Assert.Equal(["/", "/a"], memcgs.Select(memcg => (string?)memcg!["path"]));
        JsonObject a = memcgs[1]!.AsObject();
        Assert.Equal(
            ["path", "inode", "scope", "residentBytes", "trackedBytes", "untrackedBytes", "idle", "promotions"], a.Select(member => member.Key).Take(8));
        Assert.Equal("hierarchical", (string?)a["scope"]);
        Assert.Equal((400L << 20, 300L << 20, 100L << 20), ((long)a["residentBytes"]!, (long)a["trackedBytes"]!, (long)a["untrackedBytes"]!));
        Assert.Equal(
            """[{"fromSeconds":0,"toSeconds":2.02,"anonBytes":104857600,"fileBytes":0,"shmemBytes":0},{"fromSeconds":2.02,"toSeconds":4.03,"anonBytes":0,"fileBytes":0,"shmemBytes":0,"lowerBytes":0,"upperBytes":104857600},{"fromSeconds":4.03,"toSeconds":null,"anonBytes":209715200,"fileBytes":0,"shmemBytes":0}]""",
            a["idle"]!.ToJsonString());
        Assert.Equal(["pid", "name", "idle"], report["processes"]![0]!.AsObject().Select(member => member.Key));
        Assert.Equal(3, report["unattributed"]!["idle"]!.AsArray().Count);
    }

    [Fact]
    public void A_limit_that_is_not_set_is_null_and_what_is_not_known_is_left_out()
    {
        SnapshotData data = new([TimeSpan.Zero]);
        data.Add("/", -1, 1, new MemcgMemory { CurrentBytes = 5, HighBytes = MemcgMemory.NoLimit, MaxBytes = 7 }, [1, 0, 0, 0]);
        ColdPageSnapshot snapshot = SnapshotFactory.Make(data, new Random(1));
        JsonNode memory = JsonNode.Parse(Write(snapshot))!["memcgs"]![0]!["memory"]!;
        Assert.Equal("""{"currentBytes":5,"highBytes":null,"maxBytes":7}""", memory.ToJsonString());
        Assert.Equal(snapshot, ColdPageSnapshot.ReadJson(Write(snapshot)));
    }

    [Fact]
    public void No_limit_reads_back_from_null_and_from_the_number_that_once_stood_for_it()
    {
        SnapshotData data = new([TimeSpan.Zero]);
        data.Add("/", -1, 1, default, [1, 0, 0, 0]);
        JsonNode report = JsonNode.Parse(Write(SnapshotFactory.Make(data, new Random(1))))!;
        report["memcgs"]![0]!["memory"] = JsonNode.Parse("""{"currentBytes":null,"lowBytes":9223372036854775807,"swapMaxBytes":null,"anonBytes":null}""");
        MemcgMemory memory = ColdPageSnapshot.ReadJson(System.Text.Encoding.UTF8.GetBytes(report.ToJsonString()))["/"].Memory;
        Assert.Equal(new MemcgMemory { LowBytes = MemcgMemory.NoLimit, SwapMaxBytes = MemcgMemory.NoLimit }, memory);
    }

    [Fact]
    public void The_v2_root_has_no_resident_bytes_and_so_no_untracked_ones()
    {
        using ClockedHost host = ClockedHost.WithOneProcess(out _);
        host.Host.Delete("/sys/fs/cgroup/memory.current");
        using ColdPageTracker tracker = host.Open();
        tracker.Scan();
        JsonNode root = JsonNode.Parse(Write(tracker.TakeSnapshot()))!["memcgs"]![0]!;
        Assert.True(root.AsObject().ContainsKey("residentBytes"));
        Assert.Null(root["residentBytes"]);
        Assert.Null(root["untrackedBytes"]);
    }

    [Theory]
    [InlineData("""{"schema":"coldpages.report/2"}""", "coldpages.report/2")]
    [InlineData("""{}""", "coldpages.report/1")]
    [InlineData("""[]""", "coldpages.report/1")]
    [InlineData("""{"schema":"coldpages.report/1","source":"tea-leaves"}""", "tea-leaves")]
    [InlineData("""{"schema":""", "")]
    [InlineData("""{"schema":"coldpages.report/1"} {}""", "")]
    public void What_is_no_report_is_refused_with_a_reason(string text, string reason)
    {
        JsonException thrown = Assert.ThrowsAny<JsonException>(() => ColdPageSnapshot.ReadJson(System.Text.Encoding.UTF8.GetBytes(text)));
        Assert.Contains(reason, thrown.Message, StringComparison.Ordinal);
    }

    [Property(MaxTest = 300)]
    public void A_report_that_was_damaged_is_refused_or_read_but_never_fails_otherwise(int seed, ushort place, byte value)
    {
        byte[] json = Write(SnapshotFactory.Random(seed)).ToArray();
        json[place % json.Length] = value;
        try
        {
            _ = ColdPageSnapshot.ReadJson(json);
        }
        catch (JsonException)
        {
            // Said in words; anything else fails the test.
        }
    }

    [Theory]
    [InlineData("""{"kernelBytes":-1}""")]
    [InlineData("""{"nodes":[{"anonBytes":1}]}""")]
    [InlineData("""{"idle":[{"fromSeconds":0,"toSeconds":2,"fileDirtyBytes":1}]}""")] // What was touched is not asked about.
    [InlineData("""{"idle":[{"fromSeconds":1,"toSeconds":2}]}""")]
    [InlineData("""{"idle":[{"fromSeconds":2,"toSeconds":null,"nodes":[{"node":0}]}]}""")]
    [InlineData("[]")]
    public void Detail_that_cannot_be_is_refused(string detail)
    {
        SnapshotData data = new([TimeSpan.Zero, TimeSpan.FromSeconds(2)], [0]);
        data.Add("/", -1, 1, default, [1, 0, 0, 0, 0, 0, 0, 0]);
        data.AddDetail(new MemcgDetail([0], new long[MemcgDetail.ValuesOf(1)]), default);
        JsonNode report = JsonNode.Parse(Write(SnapshotFactory.Make(data, new Random(1))))!;
        report["memcgs"]![0]!["detail"] = JsonNode.Parse(detail);
        Assert.ThrowsAny<JsonException>(() => ColdPageSnapshot.ReadJson(System.Text.Encoding.UTF8.GetBytes(report.ToJsonString())));
    }

    [Theory]
    [InlineData("[1,0]")]
    [InlineData("[0,0]")]
    [InlineData("[\"0\"]")]
    public void Nodes_that_cannot_be_are_refused(string nodes)
    {
        JsonNode report = JsonNode.Parse(Write(SnapshotFactory.WithMemcgs()))!;
        report["nodes"] = JsonNode.Parse(nodes);
        Assert.ThrowsAny<JsonException>(() => ColdPageSnapshot.ReadJson(System.Text.Encoding.UTF8.GetBytes(report.ToJsonString())));
    }

    [Fact]
    public void More_nodes_than_a_snapshot_has_room_for_are_refused()
    {
        JsonNode report = JsonNode.Parse(Write(SnapshotFactory.Make(new SnapshotData([TimeSpan.Zero, TimeSpan.FromSeconds(2)]), new Random(1))))!;
        report["nodes"] = JsonNode.Parse($"[{string.Join(',', Enumerable.Range(0, 40_000))}]");
        Assert.ThrowsAny<JsonException>(() => ColdPageSnapshot.ReadJson(System.Text.Encoding.UTF8.GetBytes(report.ToJsonString())));
    }

    [Fact]
    public void Detail_is_written_with_what_is_known_of_it_and_a_sum_is_unknown_where_the_memcgs_own_is()
    {
        SnapshotData data = new([TimeSpan.Zero, TimeSpan.FromSeconds(2)], [0, 3]);
        long[] values = [.. Enumerable.Repeat(MemcgDetail.Unknown, MemcgDetail.ValuesOf(2))];
        (values[(int)MemcgDetailItem.File], values[(int)MemcgDetailItem.FileDirty], values[(int)MemcgDetailItem.FileWriteback]) = (100, 30, 20);
        values[MemcgDetail.PlaceOf(1, NodeDetailItem.Shmem)] = 0;
        int root = data.Add("/", -1, 1, default, [1, 0, 0, 0, 0, 0, 0, 0]);
        data.AddDetail(new MemcgDetail([0, 3], [.. values]), new long[data.IdleDetailValues]);
        data.Add("a", root, 2, default, [1, 0, 0, 0, 0, 0, 0, 0]);
        values[(int)MemcgDetailItem.Hugetlb] = 7;
        long[] idle = new long[data.IdleDetailValues];
        int second = IdleDetailLayout.Stride(2);
        (idle[second + IdleDetailLayout.FileDirty], idle[second + IdleDetailLayout.States + 1]) = (5, 6);
        data.AddDetail(new MemcgDetail([0, 3], values), idle);
        ColdPageSnapshot snapshot = SnapshotFactory.Make(data, new Random(1));

        JsonNode report = JsonNode.Parse(Write(snapshot))!;
        Assert.Equal("[0,3]", report["nodes"]!.ToJsonString());
        string bins = """[{"fromSeconds":2,"toSeconds":null,"fileCleanBytes":0,"fileDirtyBytes":5,"fileWritebackBytes":0,"fileMappedBytes":0,"unevictableBytes":0,"mlockedBytes":0,"sharedBytes":0,"unknownBytes":0,"nodes":[{"node":0,"bytes":0},{"node":3,"bytes":6}]}]""";
        Assert.Equal(
            $$"""{"fileBytes":200,"fileDirtyBytes":60,"fileWritebackBytes":40,"fileCleanBytes":100,"nodes":[{"node":0},{"node":3,"shmemBytes":0}],"idle":{{bins}}}""",
            report["memcgs"]![0]!["detail"]!.ToJsonString());
        Assert.Equal(7, (long?)report["memcgs"]![1]!["detail"]!["hugetlbBytes"]);
        Assert.Equal(snapshot, ColdPageSnapshot.ReadJson(Write(snapshot)));
        Assert.Equal(snapshot, ColdPageSnapshot.ReadJson(Write(snapshot, MemcgScope.Local)));
    }

    [Fact]
    public void The_documented_example_reads()
    {
        string page = File.ReadAllText(Repository.File("docs/report-json.md"));
        string example = page.Split("```json\n")[1].Split("```")[0];
        ColdPageSnapshot snapshot = ColdPageSnapshot.ReadJson(System.Text.Encoding.UTF8.GetBytes(example));
        Assert.Equal(new ByteBounds(200L << 20, 200L << 20), snapshot["/a"].BytesOlderThan(TimeSpan.FromSeconds(4.03)));
        Assert.Equal(MemcgMemory.NoLimit, snapshot["/a"].Memory.MaxBytes);
        Assert.True(snapshot.Confidence.IsActionable);
    }

    [Fact]
    public void Memcgs_of_another_snapshot_are_not_written_as_this_ones()
    {
        ColdPageSnapshot one = SnapshotFactory.WithMemcgs();
        ColdPageSnapshot other = SnapshotFactory.WithMemcgs();
        using Utf8JsonWriter writer = new(new ArrayBufferWriter<byte>());
        Assert.Throws<ArgumentException>(() => one.WriteJson(writer, MemcgScope.Local, other.Memcgs));
        Assert.Throws<ArgumentException>(() => one.WriteJson(writer, MemcgScope.Local, [default]));
    }

    [Fact]
    public void Members_in_another_order_and_unknown_ones_do_no_harm()
    {
        ColdPageSnapshot snapshot = SnapshotFactory.WithMemcgs();
        JsonObject report = JsonNode.Parse(Write(snapshot))!.AsObject();
        JsonObject turned = [];
        turned["news"] = new JsonArray(1, 2);
        foreach ((string name, JsonNode? value) in report.Reverse())
            turned[name] = value?.DeepClone();
        Assert.Equal(snapshot, ColdPageSnapshot.ReadJson(System.Text.Encoding.UTF8.GetBytes(turned.ToJsonString())));
    }

    [Fact]
    public void Writing_allocates_nothing_for_a_bin()
    {
        // The same memcgs with 3 bins and with 200: what it takes may grow with the memcgs' paths alone.
        long few = AllocatedBy(bins: 3);
        long many = AllocatedBy(bins: 200);
        Assert.True(many - few < 20_000, $"{few} bytes with 3 bins, {many} with 200, of 100 memcgs.");

        static long AllocatedBy(int bins)
        {
            SnapshotData data = new([.. Enumerable.Range(0, bins).Select(i => TimeSpan.FromSeconds(i))]);
            long[] values = [.. Enumerable.Range(1, bins * BinLayout.Stride).Select(i => (long)i)];
            int root = data.Add("/", -1, 1, default, values);
            for (int i = 0; i < 100; i++)
                data.Add($"m{i}", root, 2, default, values);
            ColdPageSnapshot snapshot = SnapshotFactory.Make(data, new Random(1));
            ArrayBufferWriter<byte> buffer = new(32 << 20);
            using Utf8JsonWriter writer = new(buffer);
            snapshot.WriteJson(writer);
            writer.Flush();
            buffer.ResetWrittenCount();
            writer.Reset();
            long before = GC.GetAllocatedBytesForCurrentThread();
            snapshot.WriteJson(writer);
            writer.Flush();
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
    }

    private static ReadOnlySpan<byte> Write(ColdPageSnapshot snapshot, MemcgScope scope = MemcgScope.Hierarchical)
    {
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter writer = new(buffer))
            snapshot.WriteJson(writer, scope);
        return buffer.WrittenSpan;
    }
}
