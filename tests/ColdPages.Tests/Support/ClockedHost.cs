using Microsoft.Extensions.Time.Testing;

namespace ColdPages.Tests;

/// <summary>A host in memory and a clock that only tests move, with a tracker over both.</summary>
internal sealed class ClockedHost : IDisposable
{
    private readonly TempFolder _lease = new();

    public FakeHost Host { get; init; } = new();

    public CountingTime Time { get; } = new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));

    public ColdPageTrackerOptions Options => new()
    {
        Roots = Host.Roots,
        Source = ColdPageSource.Referenced,
        Interval = TimeSpan.FromSeconds(2),
        TimeProvider = Time,
        LeaseDirectory = _lease.Path,
    };

    /// <summary>A host with a process in /a that holds 300 MiB of anonymous memory.</summary>
    public static ClockedHost WithOneProcess(out FakeMapping memory)
    {
        ClockedHost host = new();
        host.Host.AddMemcg("/", 0);
        host.Host.AddMemcg("/a", 400L << 20);
        memory = new FakeMapping { Rss = 300L << 20 };
        host.Host.AddProcess(1, "/a", memory);
        return host;
    }

    public ColdPageTracker Open(Func<ColdPageTrackerOptions, ColdPageTrackerOptions>? change = null) =>
        ColdPageTracker.Open(change is null ? Options : change(Options));

    public void Advance(double seconds) => Time.Advance(TimeSpan.FromTicks((long)Math.Round(seconds * TimeSpan.TicksPerSecond)));

    public void Dispose() => _lease.Dispose();
}

/// <summary>A clock that only tests move and that tells how often somebody began to wait on it.</summary>
internal sealed class CountingTime(DateTimeOffset start) : FakeTimeProvider(start)
{
    private int _timers;

    public int Timers => Volatile.Read(ref _timers);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ITimer timer = base.CreateTimer(callback, state, dueTime, period);
        Interlocked.Increment(ref _timers);
        return timer;
    }
}
