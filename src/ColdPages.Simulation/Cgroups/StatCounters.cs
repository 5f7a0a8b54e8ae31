namespace ColdPages.Simulation;

/// <summary>The counters of a memcg: as they are, and as memory.stat shows them, which is late.</summary>
internal sealed class StatCounters
{
    private readonly long[] _now = new long[(int)MemcgStat.Count];
    private readonly long[] _shown = new long[(int)MemcgStat.Count];

    public long this[MemcgStat stat] => _now[(int)stat];

    public void Add(MemcgStat stat, long change) => _now[(int)stat] += change;

    /// <summary>What a reader is shown: all as it was at one time, and nothing further from what it is now than so much.</summary>
    public ReadOnlySpan<long> Show(int lag)
    {
        for (int i = 0; i < _now.Length; i++)
        {
            if (Math.Abs(_now[i] - _shown[i]) <= lag)
                continue;
            _now.CopyTo(_shown, 0);
            break;
        }

        return _shown;
    }
}
