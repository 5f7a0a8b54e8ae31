using System.Buffers;
using System.Text.Json;

namespace ColdPages.Tests;

/// <summary>The mglru source as a user of the library meets it.</summary>
public sealed class MultiGenLruReportTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly MultiGenLruHost _host = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Auto_takes_it_where_there_is_no_idle_bitmap_and_its_report_says_what_it_cannot_tell_apart()
    {
        _host.AddMemcg("/a");
        MultiGenLruPage[] pages = _host.Allocate("/a", 100);
        _host.Allocate("/a", 20, isFile: true);
        _host.Publish();
        using ColdPageTracker tracker = ColdPageTracker.Open(Options());
        Assert.Equal(ColdPageSource.MultiGenLru, tracker.Source);
        for (int pass = 0; pass < 3; pass++)
        {
            Array.ForEach(pages[..30], MultiGenLruHost.Touch);
            _host.Publish();
            tracker.Scan(TestContext.Current.CancellationToken);
            _host.Time.Advance(MultiGenLruHost.Interval);
        }

        ColdPageSnapshot snapshot = tracker.TakeSnapshot(TestContext.Current.CancellationToken);
        Assert.True(snapshot.Confidence.IsActionable);
        Assert.Equal(PageKind.Anon, Assert.Single(snapshot.KindsMerged, pair => pair.Key == PageKind.Shmem).Value);
        Assert.Equal(new ByteBounds(70 * 4096, 90 * 4096), snapshot["/a"].BytesOlderThan(MultiGenLruHost.Interval * 2));

        ArrayBufferWriter<byte> json = new();
        using (Utf8JsonWriter writer = new(json))
            snapshot.WriteJson(writer);
        Assert.Equal(snapshot, ColdPageSnapshot.ReadJson(json.WrittenSpan));
        using JsonDocument document = JsonDocument.Parse(json.WrittenMemory);
        Assert.Equal("""{"shmem":"anon"}""", document.RootElement.GetProperty("kindsMerged").GetRawText());
        JsonElement oldest = document.RootElement.GetProperty("memcgs")[1].GetProperty("idle")[2];
        Assert.Equal(["fromSeconds", "toSeconds", "anonBytes", "fileBytes", "lowerBytes", "upperBytes"], oldest.EnumerateObject().Select(member => member.Name));
    }

    [Fact]
    public void A_passive_tracker_writes_nothing_and_tells_at_most_what_may_be_old()
    {
        _host.AddMemcg("/a");
        MultiGenLruPage[] pages = _host.Allocate("/a", 100);
        _host.Allocate("/a", 20, isFile: true);
        _host.Host.OnWrite = (_, _) => throw new InvalidOperationException("It was to change nothing.");
        _host.Publish();
        using ColdPageTracker tracker = ColdPageTracker.Open(Options() with { Passive = true });
        using ColdPageTracker another = ColdPageTracker.Open(Options() with { Passive = true });
        for (int pass = 0; pass < 5; pass++)
        {
            Array.ForEach(pages[..30], MultiGenLruHost.Touch);
            _host.Age("/a");
            _host.Publish();
            tracker.Scan(TestContext.Current.CancellationToken);
            _host.Time.Advance(MultiGenLruHost.Interval);
        }

        AgeHistogram idle = tracker.TakeSnapshot(TestContext.Current.CancellationToken)["/a"].Idle();
        Assert.Equal(120 * 4096, idle.TotalBytes);
        Assert.Equal(new ByteBounds(0, 90 * 4096), idle.BytesOlderThan(idle[^1].From));
        Assert.Equal(new ByteBounds(0, 120 * 4096), idle.BytesOlderThan(TimeSpan.FromTicks(1)));
    }

    [Fact]
    public void Passive_is_possible_where_generations_can_be_read_and_not_made()
    {
        _host.Publish();
        _host.Host.OnOpen = static (path, access) => path == LruGen.Name && access != KernelFileAccess.Read ? Errno.EROFS : Errno.None;
        Assert.False(ColdPageTracker.TryOpen(Options() with { Source = ColdPageSource.MultiGenLru }, out _, out HostDiagnosis diagnosis));
        Assert.Contains("can be read and not written", diagnosis.ToString(), StringComparison.Ordinal);
        Assert.Contains("passive tracker", diagnosis.ToString(), StringComparison.Ordinal);
        using ColdPageTracker tracker = ColdPageTracker.Open(Options() with { Passive = true });
        Assert.Equal(ColdPageSource.MultiGenLru, tracker.Source);
        Assert.False(ColdPageTracker.TryOpen(Options() with { Passive = true, Source = ColdPageSource.IdleBitmap }, out _, out diagnosis));
        Assert.Contains("asked to change nothing", diagnosis.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void An_interval_that_min_ttl_ms_forbids_is_refused_at_once()
    {
        _host.Host.Write("/sys/kernel/mm/lru_gen/min_ttl_ms", "6000\n");
        _host.Publish();
        Assert.False(ColdPageTracker.TryOpen(Options(), out _, out HostDiagnosis diagnosis));
        Assert.Contains("min_ttl_ms is 6000", diagnosis.ToString(), StringComparison.Ordinal);
        using ColdPageTracker passive = ColdPageTracker.Open(Options() with { Passive = true });
        Assert.Equal(ColdPageSource.MultiGenLru, passive.Source);
    }

    [Theory]
    [InlineData("0x0000", "/sys/kernel/mm/lru_gen/enabled")]
    [InlineData("0x0005", "/sys/kernel/mm/lru_gen/enabled")]
    public void Where_it_cannot_be_used_the_diagnosis_says_what_would_help(string enabled, string remedy)
    {
        _host.Host.Write("/sys/kernel/mm/lru_gen/enabled", enabled + "\n");
        SourceDiagnosis diagnosis = HostDiagnosis.Probe(_host.Host.Roots).Sources.Single(source => source.Source == ColdPageSource.MultiGenLru);
        Assert.False(diagnosis.IsUsable);
        Assert.Contains(remedy, diagnosis.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_debugfs_the_diagnosis_says_how_to_mount_it()
    {
        _host.Host.Delete(LruGen.Name);
        SourceDiagnosis diagnosis = HostDiagnosis.Probe(_host.Host.Roots).Sources.Single(source => source.Source == ColdPageSource.MultiGenLru);
        Assert.Equal("mount -t debugfs debugfs /sys/kernel/debug", diagnosis.Remedy);
    }

    private ColdPageTrackerOptions Options() => new()
    {
        Roots = _host.Host.Roots,
        Interval = MultiGenLruHost.Interval,
        TimeProvider = _host.Time,
        LeaseDirectory = _folder.Path,
    };
}
