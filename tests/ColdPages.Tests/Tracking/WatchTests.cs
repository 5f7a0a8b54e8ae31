namespace ColdPages.Tests;

public sealed class WatchTests
{
    [Fact]
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

    [Fact]
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

    [Fact]
    public async Task A_reader_that_is_cancelled_leaves_the_others_alone_and_without_readers_passes_stop()
    {
        using ClockedHost host = ClockedHost.WithOneProcess(out _);
        using ColdPageTracker tracker = host.Open();
        using CancellationTokenSource leaving = new();
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
            await Task.Yield();
        host.Advance(100);
        Assert.Equal(before, tracker.Scans);

        // A new first reader starts the passes again, and does not get an old snapshot.
        await using IAsyncEnumerator<ColdPageSnapshot> late = tracker.WatchAsync(cancellation).GetAsyncEnumerator(cancellation);
        Assert.True(await late.MoveNextAsync());
        Assert.Equal((before + 1, 0), (late.Current.Scans, late.Current.Skipped));
    }

    [Fact]
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
            await Task.Yield();
        host.Advance(2);
    }
}
