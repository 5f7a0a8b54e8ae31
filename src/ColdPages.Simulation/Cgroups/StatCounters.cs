namespace ColdPages.Simulation;

/// <summary>The counters of a memcg: as they are, and as memory.stat shows them, which is late.</summary>
internal sealed class StatCounters
{
    private readonly long[] _now = new long[(int)MemcgStat.Count];
    private readonly long[] _shown = new long[(int)MemcgStat.Count];
    private long _pending;

    public long this[MemcgStat stat] => _now[(int)stat];

    public void Add(MemcgStat stat, long change)
    {
        _now[(int)stat] += change;
        _pending += Math.Abs(change);
    }

    /// <summary>What a reader is shown: all of it, or the last that was, if no more than so many changes have come since.</summary>
    public ReadOnlySpan<long> Show(int lag)
    {
        if (_pending > lag)
        {
            _now.CopyTo(_shown, 0);
            _pending = 0;
        }

        return _shown;
    }
}
