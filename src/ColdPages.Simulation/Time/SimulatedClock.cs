namespace ColdPages.Simulation;

/// <summary>
/// Time of a simulated host. It moves when somebody waits on it, or when the host does something, and never by itself: a timer's time is over
/// as soon as the timer is set.
/// </summary>
internal sealed class SimulatedClock(SimulatedHost host, DateTimeOffset start) : TimeProvider
{
    private const long NanosecondsPerSecond = 1_000_000_000;

    private long _now;

    public override long TimestampFrequency => NanosecondsPerSecond;

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override long GetTimestamp() => Volatile.Read(ref _now);

    public override DateTimeOffset GetUtcNow() => ToUtc(GetTimestamp());

    public DateTimeOffset ToUtc(long timestamp) => start.AddTicks(timestamp / TimeSpan.NanosecondsPerTick).ToUniversalTime();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ArgumentNullException.ThrowIfNull(callback);
        SimulatedTimer timer = new(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Lets time go by, and the host do what it does in that time.</summary>
    public void Advance(TimeSpan time)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(time, TimeSpan.Zero);
        lock (host.Gate)
            Spend(time.Ticks * TimeSpan.NanosecondsPerTick);
    }

    /// <summary>As <see cref="Advance"/>, in nanoseconds, by who has the host's lock.</summary>
    public void Spend(long nanoseconds)
    {
        long target = _now + nanoseconds;
        for (long due = host.StepsDue(target); due > 0;)
        {
            // Steps that differ in nothing are made as one, the last of them: an hour has 36,000.
            long steps = Math.Min(due, host.StepsAlike);
            Volatile.Write(ref _now, Math.Max(_now, host.TimeOfStep(steps)));
            due -= steps;
            host.Step(steps, isLast: due == 0);
        }

        Volatile.Write(ref _now, target);
    }
}
