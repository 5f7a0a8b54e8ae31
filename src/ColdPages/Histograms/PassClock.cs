namespace ColdPages;

/// <summary>
/// When the passes of a run began and ended, on the monotonic clock, and what idle ages follow from that.
/// A page last seen touched in pass i has, at pass j, the age start(j) - end(i): never too old, and never under j - i intervals when
/// each pass begins an interval after the one before it ended.
/// </summary>
internal sealed class PassClock(TimeProvider time)
{
    /// <summary>How many passes back an age is told; older ones share the open bin.</summary>
    public const int MaxPasses = 254;

    // A ring with one place to spare, so that the pass under way never overwrites the oldest one told.
    private readonly long[] _ends = new long[MaxPasses + 2];

    /// <summary>Passes begun.</summary>
    public int Begun { get; private set; }

    /// <summary>The pass under way, or the last one; -1 before the first.</summary>
    public int Current => Begun - 1;

    /// <summary>Passes ended.</summary>
    public int Ended { get; private set; }

    public long CurrentStart { get; private set; }

    public long LastEnd => Ended == 0 ? 0 : _ends[(Ended - 1) % _ends.Length];

    /// <summary>How long the last pass took.</summary>
    public TimeSpan PassTime => Ended == 0 ? TimeSpan.Zero : time.GetElapsedTime(CurrentStart, LastEnd);

    public void Begin()
    {
        CurrentStart = time.GetTimestamp();
        Begun++;
    }

    /// <summary>Ends the pass under way, also one that failed: what it touched, it touched before now.</summary>
    public void End()
    {
        _ends[Current % _ends.Length] = time.GetTimestamp();
        Ended = Begun;
    }

    /// <summary>The age, at the current pass, of what was last seen touched some passes ago.</summary>
    public TimeSpan AgeOf(int passesAgo)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(passesAgo, Math.Min(Current, MaxPasses));
        if (passesAgo == 0)
            return TimeSpan.Zero;
        long end = _ends[(Current - passesAgo) % _ends.Length];
        TimeSpan age = time.GetElapsedTime(end, CurrentStart);
        return age < TimeSpan.Zero ? TimeSpan.Zero : age;
    }

    /// <summary>Where bins for ages of 0, 1, ... up to <paramref name="oldest"/> passes begin.</summary>
    public TimeSpan[] Edges(int oldest)
    {
        TimeSpan[] edges = new TimeSpan[oldest + 1];
        for (int i = 0; i <= oldest; i++)
            edges[i] = AgeOf(i);
        return edges;
    }
}
