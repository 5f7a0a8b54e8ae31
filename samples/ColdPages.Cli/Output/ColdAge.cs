using ColdPages.Cli.Commands;

namespace ColdPages.Cli.Output;

/// <summary>From which age on a table calls memory cold.</summary>
internal static class ColdAge
{
    /// <summary>
    /// Null where no age that long is told. Measured ages are a little over the interval: who asks for 4 s at an interval of 2 s means two
    /// passes, and gets the edge at 4.003 s, which is exact; any other age lies between two edges, and is told by bounds.
    /// </summary>
    /// <param name="edges">Where the bins begin, but the youngest.</param>
    /// <param name="settings">What was asked for.</param>
    public static TimeSpan? Choose(TimeSpan[] edges, ReportSettings settings)
    {
        if (edges.Length == 0 || settings.OlderThan > edges[^1])
            return null;
        if (settings.OlderThan is not { } asked)
            return edges[^1];
        (long passes, long rest) = Math.DivRem(asked.Ticks, settings.Interval.Ticks);
        return rest == 0 && passes <= edges.Length ? edges[passes - 1] : asked;
    }
}
