using ColdPages.Simulation;
using FsCheck;
using FsCheck.Fluent;

namespace ColdPages.Tests;

/// <summary>The idle-bitmap source where the multi-generational LRU is on, on the simulated host.</summary>
public sealed class IdleBitmapGenerationsTests
{
    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(2);
    private static readonly int s_histories = RandomHistories.Count(500);

    private readonly SimulatedHost _host = new(new SimulatedHostOptions { Frames = 2048, HasMultiGenLru = true, FreshBatch = 0 });
    private long _certain;
    private long _open;

    [Fact]
    public void Nothing_that_was_seen_touched_is_certainly_idle_and_nothing_idle_is_certainly_not()
    {
        Check.One(RandomHistories.Config(s_histories), Prop.ForAll<byte, (byte Action, byte Which, byte Size)[]>(Happen));
        Assert.True(_certain > 20L * s_histories && _open > 20L * s_histories, $"{_certain} ages had a lower bound, {_open} an upper one above it.");
    }

    [Fact]
    public void Where_generations_stand_still_ages_are_exact()
    {
        SimulatedFolio[] pages = _host.MakeMemcg("/a").Allocate(PageKind.Anon, 100 * 4096);
        using ColdPageTracker tracker = Open();
        ColdPageSnapshot snapshot = Scan(tracker, 4, () => Array.ForEach(pages[..30], page => page.Touch()));
        Assert.Equal(new ByteBounds(70 * 4096, 70 * 4096), snapshot["/a"].BytesOlderThan(s_interval * 3));
        Assert.Equal([], snapshot.Confidence.Doubts.Where(doubt => doubt.Contains("aged or reclaimed", StringComparison.Ordinal)));
        Assert.True(snapshot.Confidence.IsActionable);
    }

    [Fact]
    public void A_stranger_who_ages_in_mid_pass_is_seen_by_that_pass_and_the_next()
    {
        SimulatedMemcg memcg = _host.MakeMemcg("/a");
        memcg.Allocate(PageKind.Anon, 100 * 4096);
        _host.MakeMemcg("/b").Allocate(PageKind.Anon, 100 * 4096);
        using ColdPageTracker tracker = Open();
        Scan(tracker, 3);
        _host.Files.BeforeRead = (path, _) =>
        {
            if (path != IdleBitmap.Name)
                return;
            _host.Files.BeforeRead = null;
            Age(memcg);
        };
        Assert.Equal(new ByteBounds(0, 100 * 4096), Scan(tracker, 1)["/a"].BytesOlderThan(s_interval * 3));
        Assert.Equal(new ByteBounds(0, 100 * 4096), Scan(tracker, 1)["/a"].BytesOlderThan(s_interval * 3));
        ColdPageSnapshot quiet = Scan(tracker, 1);
        Assert.Equal(new ByteBounds(100 * 4096, 100 * 4096), quiet["/a"].BytesOlderThan(s_interval * 3));
        Assert.Equal(new ByteBounds(0, 100 * 4096), quiet["/a"].BytesOlderThan(s_interval * 4));
        Assert.Equal(new ByteBounds(100 * 4096, 100 * 4096), quiet["/b"].BytesOlderThan(s_interval * 5));
    }

    [Fact]
    public void What_is_held_keeps_its_age_when_a_pass_between_does_not_end()
    {
        SimulatedMemcg memcg = _host.MakeMemcg("/a");
        memcg.Allocate(PageKind.Anon, 100 * 4096);
        using ColdPageTracker tracker = Open();
        Scan(tracker, 2);
        Age(memcg);
        Assert.Throws<OperationCanceledException>(() => tracker.Scan(new CancellationToken(canceled: true)));
        ColdPageSnapshot snapshot = Scan(tracker, 1);
        Assert.Contains(snapshot.Confidence.Doubts, doubt => doubt.Contains("aged or reclaimed 1 memcg since", StringComparison.Ordinal));
    }

    [Fact]
    public void What_a_pass_that_was_cancelled_has_looked_at_grows_no_older_in_it_either()
    {
        SimulatedMemcg memcg = _host.MakeMemcg("/a");
        SimulatedFolio[] hot = memcg.Allocate(PageKind.Anon, 100 * 4096);
        using ColdPageTracker tracker = Open();
        Scan(tracker, 2, Touch);
        using CancellationTokenSource cancellation = new();
        TouchAndAge();
        _host.Files.BeforeRead = (path, _) =>
        {
            if (path == IdleBitmap.Name)
                cancellation.Cancel();
        };
        Assert.Throws<OperationCanceledException>(() => tracker.Scan(cancellation.Token));
        _host.Files.BeforeRead = null;
        ColdPageSnapshot snapshot = Scan(tracker, 1, TouchAndAge);
        Assert.Equal(0, snapshot["/a"].BytesOlderThan(TimeSpan.FromTicks(1)).AtLeast);

        void Touch() => Array.ForEach(hot, page => page.Touch());

        void TouchAndAge()
        {
            Touch();
            Age(memcg);
        }
    }

    [Fact]
    public void What_a_removed_memcg_leaves_grows_no_older_in_that_pass()
    {
        SimulatedMemcg memcg = _host.MakeMemcg("/a/b");
        SimulatedFolio[] left = memcg.Allocate(PageKind.File, 100 * 4096);
        using ColdPageTracker tracker = Open();
        Scan(tracker, 3);
        Array.ForEach(left, page => page.Touch());
        Age(memcg);
        memcg.Remove();
        ColdPageSnapshot snapshot = Scan(tracker, 1);
        Assert.Contains(snapshot.Confidence.Doubts, doubt => doubt.Contains("aged or reclaimed 1 memcg since", StringComparison.Ordinal));
        Assert.Equal(0, snapshot["/a"].BytesOlderThan(s_interval * 3).AtLeast);
    }

    [Fact]
    public void A_memcg_that_lru_gen_does_not_list_by_its_path_may_have_been_aged()
    {
        _host.MakeMemcg("/a").Allocate(PageKind.Anon, 100 * 4096);
        using ColdPageTracker tracker = Open();
        Scan(tracker, 3);
        _host.Files.Fault = static (operation, path, offset, _) => path == LruGen.Name && operation == FileOperation.Read ? IoResult.Done(0) : null;
        ColdPageSnapshot snapshot = Scan(tracker, 1);
        Assert.Contains(snapshot.Confidence.Doubts, doubt => doubt.Contains("aged or reclaimed", StringComparison.Ordinal));
        Assert.Equal(0, snapshot["/a"].BytesOlderThan(s_interval * 3).AtLeast);
    }

    [Fact]
    public void Where_lru_gen_cannot_be_read_all_is_in_doubt_and_reclaim_is_still_seen()
    {
        SimulatedMemcg memcg = _host.MakeMemcg("/a");
        memcg.Allocate(PageKind.Anon, 100 * 4096);
        using ColdPageTracker tracker = Open();
        Scan(tracker, 3);
        _host.Files.Fault = static (_, path, _, _) => path == LruGen.Name ? IoResult.Failed(Errno.EPERM) : null;
        ColdPageSnapshot blind = Scan(tracker, 1);
        Assert.Contains(blind.Confidence.Doubts, doubt => doubt.Contains("lru_gen could not be read", StringComparison.Ordinal));
        Assert.False(blind.Confidence.IsActionable);
        Assert.Equal(new ByteBounds(100 * 4096, 100 * 4096), blind["/a"].BytesOlderThan(s_interval * 3));
    }

    [Fact]
    public void What_is_confirmed_by_two_passes_is_less_and_said_to_be_so()
    {
        SimulatedFolio[] pages = _host.MakeMemcg("/a").Allocate(PageKind.Anon, 100 * 4096);
        using ColdPageTracker tracker = ColdPageTracker.Open(Options() with { ConfirmScans = 2 });
        Scan(tracker, 3);
        Array.ForEach(pages[..30], page => page.Touch());
        ColdPageSnapshot once = Scan(tracker, 2);
        Assert.Equal(new ByteBounds(70 * 4096, 100 * 4096), once["/a"].BytesOlderThan(s_interval));
        Assert.Contains(once.Warnings, warning => warning.StartsWith("Memory counts as idle where 2 passes", StringComparison.Ordinal));
        Assert.Equal(new ByteBounds(100 * 4096, 100 * 4096), Scan(tracker, 1)["/a"].BytesOlderThan(s_interval));
    }

    [Fact]
    public void Where_passes_are_to_confirm_each_other_each_looks_five_times()
    {
        SimulatedFolio[] pages = _host.MakeMemcg("/a").Allocate(PageKind.Anon, 100 * 4096);
        using ColdPageTracker tracker = ColdPageTracker.Open(Options() with { ConfirmScans = 2 });
        Scan(tracker, 4);
        int look = 0;
        _host.Files.BeforeRead = (path, offset) =>
        {
            if (path == IdleBitmap.Name && offset == 0 && look++ > 0)
                pages[look].Touch();
        };
        ColdPageSnapshot snapshot = Scan(tracker, 1);
        Assert.Equal(5, look);
        Assert.Equal(new ByteBounds(96 * 4096, 96 * 4096), IdleFor(snapshot, 1));
        ByteBounds promoted = snapshot["/a"].Promotions().BytesIdleFor(s_interval * 3);
        Assert.Equal(4 * 4096, promoted.AtMost);

        // What was touched between looks was marked again: untouched it grows old from this pass on.
        _host.Files.BeforeRead = null;
        snapshot = Scan(tracker, 2);
        Assert.Equal(new ByteBounds(100 * 4096, 100 * 4096), IdleFor(snapshot, 2));
        Assert.Equal(new ByteBounds(96 * 4096, 96 * 4096), IdleFor(snapshot, 3));

        static ByteBounds IdleFor(ColdPageSnapshot snapshot, int passes) => snapshot["/a"].BytesOlderThan(snapshot["/a"].Idle()[passes].From);
    }

    private void Happen(byte flags, (byte Action, byte Which, byte Size)[] steps)
    {
        using IdleBitmapGenerationsHistory history = new(flags);
        foreach ((byte action, byte which, byte size) in steps)
            history.Step(action, which, size);
        history.Pass();
        history.Pass();
        _certain += history.Checked.Certain;
        _open += history.Checked.Open;
    }

    private void Age(SimulatedMemcg memcg) =>
        Assert.Equal(Errno.None, _host.Command($"+ {memcg.LruGenId} {memcg.Generations[0].Node} {memcg.Generations[0].Youngest} 1 1\n"));

    private ColdPageSnapshot Scan(ColdPageTracker tracker, int passes, Action? touch = null)
    {
        for (int pass = 0; pass < passes; pass++)
        {
            if (tracker.Scans > 0)
                _host.Advance(s_interval);
            touch?.Invoke();
            tracker.Scan(TestContext.Current.CancellationToken);
        }

        return tracker.TakeSnapshot(TestContext.Current.CancellationToken);
    }

    private ColdPageTracker Open() => ColdPageTracker.Open(Options());

    private ColdPageTrackerOptions Options() => new() { Roots = _host.Roots, TimeProvider = _host.TimeProvider, Source = ColdPageSource.IdleBitmap, Interval = s_interval };
}
