namespace ColdPages.Tests;

public sealed class WatchTests
{
    [Fact(Timeout = 60_000)]
    public async Task A_reader_gets_a_snapshot_a_pass_and_the_stream_ends_with_the_tracker()
    {
        using ClockedHost host = ClockedHost.WithOneProcess(out _);
        ColdPageTracker tracker = host.Open();
        await using IAsyncEnumerator<ColdPageSnapshot> reader = tracker.WatchAsync(TestContext.Current.CancellationToken).GetAsyncEnumerator(TestContext.Current.CancellationToken);
        for (int pass = 1; pass <= 3; pass++)
        {
            Assert.True(await NextAsync(host, tracker, reader));
            Assert.Equal((pass, 0), (reader.Current.Scans, reader.Current.Skipped));
        }

        Task<bool> end = reader.MoveNextAsync().AsTask();
        tracker.Dispose();
        Assert.False(await end);
        Assert.Equal(3, tracker.Scans);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_slow_reader_gets_the_newest_and_the_number_missed_while_a_fast_one_gets_all()
    {
        using ClockedHost host = ClockedHost.WithOneProcess(out _);
        using ColdPageTracker tracker = host.Open();
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        await using IAsyncEnumerator<ColdPageSnapshot> fast = tracker.WatchAsync(cancellation).GetAsyncEnumerator(cancellation);
        await using IAsyncEnumerator<ColdPageSnapshot> slow = tracker.WatchAsync(cancellation).GetAsyncEnumerator(cancellation);
        Assert.True(await NextAsync(host, tracker, fast));
        Assert.True(await slow.MoveNextAsync());
        Assert.Equal(1, slow.Current.Scans);
        for (int pass = 2; pass <= 4; pass++)
        {
            Assert.True(await NextAsync(host, tracker, fast));
            Assert.Equal(0, fast.Current.Skipped);
        }

        Assert.True(await slow.MoveNextAsync());
        Assert.Equal((4, 2), (slow.Current.Scans, slow.Current.Skipped));
        Assert.Equal(slow.Current.TakenAt, fast.Current.TakenAt);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_reader_that_is_cancelled_leaves_the_others_alone_and_without_readers_passes_stop()
    {
        using ClockedHost host = ClockedHost.WithOneProcess(out _);
        using ColdPageTracker tracker = host.Open();
        using CancellationTokenSource leaving = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        await using IAsyncEnumerator<ColdPageSnapshot> stays = tracker.WatchAsync(cancellation).GetAsyncEnumerator(cancellation);
        IAsyncEnumerator<ColdPageSnapshot> leaves = tracker.WatchAsync(leaving.Token).GetAsyncEnumerator(cancellation);
        Assert.True(await NextAsync(host, tracker, stays));
        Assert.True(await leaves.MoveNextAsync());
        Task<bool> next = leaves.MoveNextAsync().AsTask();
        leaving.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => next);
        await leaves.DisposeAsync();
        Assert.True(await NextAsync(host, tracker, stays));
        await stays.DisposeAsync();
        int before = tracker.Scans;
        await TickAsync(host, before);
        while (tracker.IsWatching)
            await YieldAsync();
        host.Advance(100);
        Assert.Equal(before, tracker.Scans);

        // A new first reader starts the passes again, and does not get an old snapshot.
        await using IAsyncEnumerator<ColdPageSnapshot> late = tracker.WatchAsync(cancellation).GetAsyncEnumerator(cancellation);
        Assert.True(await late.MoveNextAsync());
        Assert.Equal((before + 1, 0), (late.Current.Scans, late.Current.Skipped));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_pass_that_fails_is_a_snapshot_in_the_stream()
    {
        using ClockedHost host = ClockedHost.WithOneProcess(out _);
        host.Host.OnList = path => path == "/sys/fs/cgroup" ? Errno.ENOENT : Errno.None;
        using ColdPageTracker tracker = host.Open();
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        await using IAsyncEnumerator<ColdPageSnapshot> reader = tracker.WatchAsync(cancellation).GetAsyncEnumerator(cancellation);
        Assert.True(await NextAsync(host, tracker, reader));
        Assert.Contains("cgroups at /sys/fs/cgroup could not be listed", reader.Current.Failure, StringComparison.Ordinal);
        host.Host.OnList = null;
        Assert.True(await NextAsync(host, tracker, reader));
        Assert.Null(reader.Current.Failure);
    }

    [Fact(Timeout = 60_000)]
    public async Task Disposing_during_a_pass_ends_the_stream_without_an_exception()
    {
        using ClockedHost host = ClockedHost.WithOneProcess(out _);
        ColdPageTracker tracker = host.Open();
        Task? disposing = null;
        host.Host.OnOpen = (path, _) =>
        {
            if (path == "/proc/1/smaps")
            {
                disposing = Task.Run(tracker.Dispose);
                while (!tracker.IsDisposed)
                    Thread.Yield();
            }

            return Errno.None;
        };
        await foreach (ColdPageSnapshot _ in tracker.WatchAsync(TestContext.Current.CancellationToken))
            Assert.Fail("The pass was cut short: there is no snapshot of it.");
        await disposing!;
        Assert.Equal(0, host.Host.OpenFiles);
    }

    [Fact(Timeout = 60_000)]
    public async Task The_second_reader_of_a_new_watch_gets_no_snapshot_of_an_old_one()
    {
        using ClockedHost host = ClockedHost.WithOneProcess(out _);
        using ColdPageTracker tracker = host.Open();
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        await using (IAsyncEnumerator<ColdPageSnapshot> old = tracker.WatchAsync(cancellation).GetAsyncEnumerator(cancellation))
            Assert.True(await NextAsync(host, tracker, old));
        await TickAsync(host, 1);
        while (tracker.IsWatching)
            await YieldAsync();

        tracker.Scan(cancellation); // And no interval has gone by since.
        await using IAsyncEnumerator<ColdPageSnapshot> first = tracker.WatchAsync(cancellation).GetAsyncEnumerator(cancellation);
        await using IAsyncEnumerator<ColdPageSnapshot> second = tracker.WatchAsync(cancellation).GetAsyncEnumerator(cancellation);
        Task<bool> firstNext = first.MoveNextAsync().AsTask();
        Task<bool> secondNext = second.MoveNextAsync().AsTask();
        await TickAsync(host, 2);
        Assert.True(await firstNext && await secondNext);
        Assert.Equal((3, 3), (first.Current.Scans, second.Current.Scans));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_reader_that_never_waits_still_hears_of_its_cancellation()
    {
        using ClockedHost host = ClockedHost.WithOneProcess(out _);
        using ColdPageTracker tracker = host.Open();
        using CancellationTokenSource leaving = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        await using IAsyncEnumerator<ColdPageSnapshot> reader = tracker.WatchAsync(leaving.Token).GetAsyncEnumerator(leaving.Token);
        Assert.True(await NextAsync(host, tracker, reader));
        await TickAsync(host, 1);
        while (tracker.Scans < 2)
            await YieldAsync();
        leaving.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reader.MoveNextAsync().AsTask());
    }

    private static async Task YieldAsync()
    {
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
        await Task.Yield();
    }

    // Lets the background loop make one more pass: it has set its timer once for each pass made, and waits.
    private static async Task<bool> NextAsync(ClockedHost host, ColdPageTracker tracker, IAsyncEnumerator<ColdPageSnapshot> reader)
    {
        int passes = tracker.Scans;
        Task<bool> next = reader.MoveNextAsync().AsTask();
        await TickAsync(host, passes);
        return await next;
    }

    private static async Task TickAsync(ClockedHost host, int passes)
    {
        // The first pass waits for nothing.
        if (passes == 0)
            return;
        while (host.Time.Timers < passes)
            await YieldAsync();
        host.Advance(2);
    }
}
