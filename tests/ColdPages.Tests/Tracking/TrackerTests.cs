namespace ColdPages.Tests;

public sealed class TrackerTests
{
    private const long MiB = 1L << 20;

    [Fact]
    public void Numbers_of_a_memcg_include_those_below_unless_local_ones_are_asked_for()
    {
        using ClockedHost host = ClockedHost.WithOneProcess(out FakeMapping memory);
        host.Host.AddMemcg("/a/b", 60 * MiB);
        host.Host.AddProcess(2, "/a/b", new FakeMapping { Rss = 50 * MiB });
        using ColdPageTracker tracker = host.Open();
        tracker.Scan();
        host.Advance(2);
        memory.Referenced = 100 * MiB;
        tracker.Scan();

        ColdPageSnapshot snapshot = tracker.TakeSnapshot();
        Assert.Equal(["/", "/a", "/a/b"], snapshot.Memcgs.Select(memcg => memcg.Path));
        Assert.Equal(350 * MiB, snapshot["/"].TrackedBytes());
        Assert.Equal(0, snapshot["/"].TrackedBytes(MemcgScope.Local));
        Assert.Equal(350 * MiB, snapshot["/a"].TrackedBytes());
        Assert.Equal(300 * MiB, snapshot["/a"].TrackedBytes(MemcgScope.Local));
        Assert.Equal(250 * MiB, snapshot["/a"].BytesOlderThan(TimeSpan.FromSeconds(2)).AtLeast);
        Assert.Equal(400 * MiB, snapshot["/a"].ResidentBytes());
        Assert.Equal(340 * MiB, snapshot["/a"].ResidentBytes(MemcgScope.Local));
        Assert.Equal(50 * MiB, snapshot["/a"].UntrackedBytes());
        Assert.True(snapshot.Confidence.IsActionable);
    }

    [Fact]
    public void A_memcg_without_tracked_bytes_is_left_out_and_one_above_such_bytes_is_not()
    {
        using ClockedHost host = ClockedHost.WithOneProcess(out _);
        host.Host.AddMemcg("/empty");
        host.Host.AddMemcg("/outer");
        host.Host.AddMemcg("/outer/inner");
        host.Host.AddProcess(2, "/outer/inner", new FakeMapping { Rss = MiB });
        using ColdPageTracker tracker = host.Open();
        tracker.Scan();

        ColdPageSnapshot snapshot = tracker.TakeSnapshot();
        Assert.Equal(["/", "/a", "/outer", "/outer/inner"], snapshot.Memcgs.Select(memcg => memcg.Path));
        Assert.False(snapshot.TryGetMemcg("/empty", out _));
        Assert.Throws<KeyNotFoundException>(() => snapshot["/empty"]);
    }

    [Fact]
    public void A_scope_shows_its_memcg_even_when_empty_and_touches_nobody_else()
    {
        using ClockedHost host = ClockedHost.WithOneProcess(out _);
        host.Host.AddMemcg("/b");
        FakeProcess other = host.Host.Processes[1];
        using ColdPageTracker tracker = host.Open(options => options with { Memcg = "/b" });
        tracker.Scan();

        ColdPageSnapshot snapshot = tracker.TakeSnapshot();
        Assert.Equal(["/b"], snapshot.Memcgs.Select(memcg => memcg.Path));
        Assert.Equal(0, other.Clears);
        Assert.Equal(0, snapshot.Unattributed.TotalBytes);
    }

    [Fact]
    public void Processes_are_told_apart_where_asked_for()
    {
        using ClockedHost host = ClockedHost.WithOneProcess(out _);
        host.Host.AddProcess(7, "/a", new FakeMapping { Rss = 8 * MiB });
        using ColdPageTracker tracker = host.Open(options => options with { Processes = [7, 4711] });
        tracker.Scan();

        ProcessAges process = Assert.Single(tracker.TakeSnapshot().Processes);
        Assert.Equal((7, "a (strange) name", 8 * MiB), (process.Pid, process.Name, process.Idle.TotalBytes));
    }

    [Fact]
    public void A_failed_pass_is_a_snapshot_that_says_why_and_the_next_one_goes_on()
    {
        using ClockedHost host = ClockedHost.WithOneProcess(out FakeMapping memory);
        using ColdPageTracker tracker = host.Open(options => options with { ReferencedWindow = 10 });
        tracker.Scan();
        memory.Referenced = 0;
        host.Advance(2);
        host.Host.OnList = path => path == "/proc" ? Errno.EIO : Errno.None;
        tracker.Scan();

        ColdPageSnapshot failed = tracker.TakeSnapshot();
        Assert.Contains("/proc could not be listed: input/output error (EIO)", failed.Failure, StringComparison.Ordinal);
        Assert.Empty(failed.Memcgs);
        Assert.False(failed.Confidence.IsActionable);
        Assert.Contains(failed.Warnings, warning => warning.Contains("EIO", StringComparison.Ordinal));

        host.Host.OnList = null;
        host.Advance(2);
        tracker.Scan();
        ColdPageSnapshot next = tracker.TakeSnapshot();
        Assert.Null(next.Failure);
        Assert.Equal(new ByteBounds(300 * MiB, 300 * MiB), next["/a"].BytesOlderThan(TimeSpan.FromSeconds(4)));
    }

    [Fact]
    public void A_cancelled_pass_throws_and_spoils_nothing()
    {
        using ClockedHost host = ClockedHost.WithOneProcess(out FakeMapping memory);
        using ColdPageTracker tracker = host.Open();
        tracker.Scan();
        memory.Referenced = 0;
        using CancellationTokenSource cancelled = new();
        cancelled.Cancel();
        host.Advance(2);
        Assert.ThrowsAny<OperationCanceledException>(() => tracker.Scan(cancelled.Token));

        using CancellationTokenSource midway = new();
        host.Host.OnRead = (path, _, count) =>
        {
            if (path == "/proc/vmstat")
                midway.Cancel();
            return IoResult.Done(count);
        };
        Assert.ThrowsAny<OperationCanceledException>(() => tracker.Scan(midway.Token));
        Assert.NotNull(tracker.TakeSnapshot().Failure);
        host.Host.OnRead = null;
        host.Advance(2);
        tracker.Scan();
        Assert.Equal(300 * MiB, tracker.TakeSnapshot()["/a"].BytesOlderThan(TimeSpan.FromSeconds(4)).AtLeast);
    }

    [Fact]
    public void A_source_of_cancellation_may_be_reset_and_used_again()
    {
        using ClockedHost host = ClockedHost.WithOneProcess(out _);
        using ColdPageTracker tracker = host.Open();
        using CancellationTokenSource cancellation = new();
        tracker.Scan(cancellation.Token);
        Assert.True(cancellation.TryReset());
        host.Host.OnRead = (path, _, count) =>
        {
            if (path == "/proc/vmstat")
                cancellation.Cancel();
            return IoResult.Done(count);
        };
        host.Advance(2);
        Assert.ThrowsAny<OperationCanceledException>(() => tracker.Scan(cancellation.Token));
        host.Host.OnRead = null;
        using CancellationTokenSource other = new();
        tracker.Scan(other.Token);
    }

    [Fact]
    public void A_memcg_of_no_snapshot_says_so()
    {
        using ClockedHost host = ClockedHost.WithOneProcess(out _);
        using ColdPageTracker tracker = host.Open();
        tracker.Scan();
        Assert.False(tracker.TakeSnapshot().TryGetMemcg("/gone", out MemcgAges none));
        Assert.Contains("TryGetMemcg", Assert.Throws<InvalidOperationException>(() => none.Path).Message, StringComparison.Ordinal);
        Assert.Equal("", none.ToString());
        Assert.Equal("/a", tracker.TakeSnapshot()["/a"].ToString());
    }

    [Fact]
    public void Reclaim_during_the_watch_puts_its_pages_in_doubt()
    {
        using ClockedHost host = ClockedHost.WithOneProcess(out FakeMapping memory);
        using ColdPageTracker tracker = host.Open();
        tracker.Scan();
        memory.Referenced = 0;
        host.Host.Write("/proc/vmstat", "pgscan_kswapd 5000\npgscan_direct 120\npgrefill 2880\npgscan_anon 5120\n");
        host.Advance(2);
        tracker.Scan();

        ScanConfidence confidence = tracker.TakeSnapshot().Confidence;
        Assert.Equal(8000 * 4096, confidence.DoubtfulBytes);
        Assert.False(confidence.IsActionable);
        Assert.Contains("8000 pages", Assert.Single(confidence.Doubts), StringComparison.Ordinal);
    }

    [Fact]
    public void The_doubt_that_weighs_most_comes_first()
    {
        using ClockedHost host = ClockedHost.WithOneProcess(out _);
        host.Host.Write("/sys/kernel/mm/lru_gen/enabled", "0x0007\n");
        using ColdPageTracker tracker = host.Open();
        tracker.Scan();
        host.Host.Write("/proc/vmstat", "pgscan_anon 5\n");
        host.Advance(2);
        tracker.Scan();

        ColdPageSnapshot snapshot = tracker.TakeSnapshot();
        Assert.Collection(
            snapshot.Confidence.Doubts,
            doubt => Assert.StartsWith("Reclaim ran", doubt, StringComparison.Ordinal),
            doubt => Assert.StartsWith("The multi-generational LRU is on", doubt, StringComparison.Ordinal));
        Assert.Equal(snapshot.Confidence.Doubts, snapshot.Warnings.Take(2));
        Assert.True(snapshot.Warnings.Count > 2);
    }

    [Fact]
    public void The_multi_generational_lru_is_a_conflict_to_warn_of_or_to_refuse()
    {
        using ClockedHost host = ClockedHost.WithOneProcess(out _);
        host.Host.Write("/sys/kernel/mm/lru_gen/enabled", "0x0007\n");
        Assert.False(ColdPageTracker.TryOpen(host.Options with { OnConflict = ConflictAction.Refuse }, out _, out HostDiagnosis diagnosis));
        Assert.Contains("multi-generational LRU is on", diagnosis.ToString(), StringComparison.Ordinal);
        Assert.Contains("OnConflict", diagnosis.ToString(), StringComparison.Ordinal);
        Assert.Equal("", HostDiagnosis.Probe(host.Host.Roots, ColdPageSource.Referenced).ToString());
        using ColdPageTracker tracker = host.Open();
        tracker.Scan();
        Assert.Contains(tracker.TakeSnapshot().Warnings, warning => warning.Contains("multi-generational LRU is on", StringComparison.Ordinal));

        host.Host.Write("/sys/kernel/mm/lru_gen/enabled", "0x0006\n");
        Assert.Empty(HostDiagnosis.Probe(host.Host.Roots, ColdPageSource.Referenced).Conflicts);
    }

    [Fact]
    public void Auto_never_takes_referenced()
    {
        using ClockedHost host = ClockedHost.WithOneProcess(out _);
        Assert.False(ColdPageTracker.TryOpen(host.Options with { Source = ColdPageSource.Auto }, out _, out HostDiagnosis diagnosis));
        Assert.Null(diagnosis.Chosen);
        Assert.True(diagnosis.Sources.Single(source => source.Source == ColdPageSource.Referenced).IsUsable);
        Assert.Contains("CONFIG_IDLE_PAGE_TRACKING", diagnosis.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Another_system_than_Linux_is_said()
    {
        using ClockedHost host = ClockedHost.WithOneProcess(out _);
        host.Host.Linux = false;
        Assert.False(ColdPageTracker.TryOpen(host.Options, out _, out HostDiagnosis diagnosis));
        Assert.Contains("not Linux", diagnosis.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("00000000a80425fb", false)] // What a container has.
    [InlineData("0000000000080002", true)]
    [InlineData("0000000000080000", false)]
    public void A_shielded_first_process_is_passed_over_with_the_rights_to_read_the_others(string capabilities, bool usable)
    {
        using ClockedHost host = ClockedHost.WithOneProcess(out _);
        host.Host.OnOpen = (path, _) => path == "/proc/1/smaps" ? Errno.EACCES : Errno.None;
        host.Host.Write("/proc/self/status", $"Name:\tx\nCapEff:\t{capabilities}\n");
        HostDiagnosis diagnosis = HostDiagnosis.Probe(host.Host.Roots, ColdPageSource.Referenced);
        Assert.Equal(usable, diagnosis.Chosen is not null);
        Assert.Equal(!usable, diagnosis.ToString().Contains("CAP_SYS_PTRACE", StringComparison.Ordinal));
    }

    [Fact]
    public void Options_out_of_range_are_named()
    {
        using ClockedHost host = ClockedHost.WithOneProcess(out _);
        Assert.Contains("Interval", Assert.Throws<ArgumentOutOfRangeException>(() => host.Open(o => o with { Interval = TimeSpan.Zero })).Message, StringComparison.Ordinal);
        Assert.Contains("Source", Assert.Throws<ArgumentOutOfRangeException>(() => host.Open(o => o with { Source = (ColdPageSource)99 })).Message, StringComparison.Ordinal);
        Assert.Contains("OnConflict", Assert.Throws<ArgumentOutOfRangeException>(() => host.Open(o => o with { OnConflict = (ConflictAction)99 })).Message, StringComparison.Ordinal);
        Assert.Contains("Memcg", Assert.Throws<ArgumentException>(() => host.Open(o => o with { Memcg = "a/" })).Message, StringComparison.Ordinal);
        Assert.Contains("Processes", Assert.Throws<ArgumentOutOfRangeException>(() => host.Open(o => o with { Processes = [1, -5] })).Message, StringComparison.Ordinal);
        Assert.Contains("ReferencedWindow", Assert.Throws<ArgumentOutOfRangeException>(() => host.Open(o => o with { ReferencedWindow = 255 })).Message, StringComparison.Ordinal);
        Assert.Contains("ConfirmScans", Assert.Throws<ArgumentOutOfRangeException>(() => host.Open(o => o with { ConfirmScans = 0 })).Message, StringComparison.Ordinal);
        Assert.Contains("raise ReferencedWindow", Assert.Throws<ArgumentException>(() => host.Open(o => o with { Source = ColdPageSource.Referenced, ConfirmScans = 2 })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_list_of_processes_that_its_owner_changes_later_changes_nothing()
    {
        using ClockedHost host = ClockedHost.WithOneProcess(out _);
        List<int> pids = [1, 1];
        using ColdPageTracker tracker = host.Open(options => options with { Processes = pids });
        pids.Add(2);
        pids.RemoveAt(0);
        tracker.Scan();
        Assert.Equal([1], tracker.TakeSnapshot().Processes.Select(process => process.Pid));
    }

    [Fact]
    public void A_memcg_that_is_not_there_is_nothing_to_act_on()
    {
        using ClockedHost host = ClockedHost.WithOneProcess(out _);
        using ColdPageTracker tracker = host.Open(options => options with { Memcg = "/nope" });
        tracker.Scan();
        host.Advance(2);
        tracker.Scan();
        ColdPageSnapshot snapshot = tracker.TakeSnapshot();
        Assert.False(snapshot.Confidence.IsActionable);
        Assert.Contains(snapshot.Warnings, warning => warning.Contains("'/nope'", StringComparison.Ordinal));
    }

    [Fact]
    public void Two_passes_at_one_instant_lose_nothing()
    {
        using ClockedHost host = ClockedHost.WithOneProcess(out FakeMapping memory);
        using ColdPageTracker tracker = host.Open();
        tracker.Scan();
        memory.Referenced = 100 * MiB;
        tracker.Scan();
        Assert.Equal(300 * MiB, tracker.TakeSnapshot()["/a"].TrackedBytes());
    }

    [Fact]
    public void A_tracker_that_is_disposed_says_so()
    {
        using ClockedHost host = ClockedHost.WithOneProcess(out _);
        ColdPageTracker tracker = host.Open();
        Assert.Throws<InvalidOperationException>(() => tracker.TakeSnapshot());
        tracker.Dispose();
        tracker.Dispose();
        Assert.Throws<ObjectDisposedException>(() => tracker.Scan());
        Assert.Throws<ObjectDisposedException>(() => tracker.TakeSnapshot());
        Assert.Equal(0, host.Host.OpenFiles);
    }
}
