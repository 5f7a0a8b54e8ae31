namespace ColdPages.Simulation;

/// <summary>A timer that moves the clock to when it is due, and goes off at once, on the thread pool: never within the call that sets it.</summary>
internal sealed class SimulatedTimer(SimulatedClock clock, TimerCallback callback, object? state) : ITimer
{
    private volatile bool _disposed;

    public bool Change(TimeSpan dueTime, TimeSpan period)
    {
        if (_disposed)
            return false;
        if (period != Timeout.InfiniteTimeSpan && period != TimeSpan.Zero)
            throw new NotSupportedException("A simulated clock has no periodic timers: they would never stop going off.");
        if (dueTime == Timeout.InfiniteTimeSpan)
            return true;
        clock.Advance(dueTime);
        ThreadPool.QueueUserWorkItem(static timer => timer.GoOff(), this, preferLocal: false);
        return true;
    }

    public void Dispose() => _disposed = true;

    public ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }

    private void GoOff()
    {
        if (!_disposed)
            callback(state);
    }
}
