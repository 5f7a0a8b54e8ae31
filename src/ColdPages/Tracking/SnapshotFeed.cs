namespace ColdPages;

/// <summary>Hands the newest snapshot to any number of readers; a slow one misses those in between.</summary>
internal sealed class SnapshotFeed
{
    private readonly Lock _lock = new();
    private TaskCompletionSource<Item?> _next = New();
    private Item? _latest;
    private bool _ended;

    /// <param name="Number">Counts what was published, from 1.</param>
    /// <param name="Snapshot">The snapshot.</param>
    public sealed record Item(int Number, ColdPageSnapshot Snapshot);

    public void Publish(ColdPageSnapshot snapshot)
    {
        TaskCompletionSource<Item?> waiting;
        Item item;
        lock (_lock)
        {
            item = _latest = new Item((_latest?.Number ?? 0) + 1, snapshot);
            waiting = _next;
            _next = New();
        }

        waiting.TrySetResult(item);
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

    /// <summary>The newest snapshot beyond the one <paramref name="seen"/>, as soon as there is one; null at the end.</summary>
    public async Task<Item?> NextAsync(int seen, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Task<Item?> next;
        lock (_lock)
        {
            if (!_ended && _latest is not null && _latest.Number > seen)
                return _latest;
            next = _next.Task;
        }

        return await next.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    // Readers go on on their own threads: the one that publishes has a pass to make.
    private static TaskCompletionSource<Item?> New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
