namespace ColdPages;

/// <summary>Hands the newest snapshot to any number of readers; a slow one misses those in between.</summary>
internal sealed class SnapshotFeed
{
    private readonly Lock _lock = new();
    private TaskCompletionSource<ColdPageSnapshot?> _next = New();
    private ColdPageSnapshot? _latest;
    private bool _ended;

    public void Publish(ColdPageSnapshot snapshot)
    {
        TaskCompletionSource<ColdPageSnapshot?> waiting;
        lock (_lock)
        {
            _latest = snapshot;
            waiting = _next;
            _next = New();
        }

        waiting.SetResult(snapshot);
    }

    /// <summary>Ends the feed for all readers, with an exception if there is one.</summary>
    public void End(Exception? exception)
    {
        lock (_lock)
        {
            _ended = true;
            if (exception is null)
                _next.TrySetResult(null);
            else
                _next.TrySetException(exception);
        }
    }

    /// <summary>The newest snapshot of a later pass than <paramref name="seen"/>, as soon as there is one; null at the end.</summary>
    public async Task<ColdPageSnapshot?> NextAsync(int seen, CancellationToken cancellationToken)
    {
        Task<ColdPageSnapshot?> next;
        lock (_lock)
        {
            if (!_ended && _latest is not null && _latest.Scans > seen)
                return _latest;
            next = _next.Task;
        }

        return await next.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    // Readers go on on their own threads: the one that publishes has a pass to make.
    private static TaskCompletionSource<ColdPageSnapshot?> New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
