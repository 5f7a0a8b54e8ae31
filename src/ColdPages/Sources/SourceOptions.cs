namespace ColdPages;

/// <summary>What a source is asked for.</summary>
/// <param name="Memcg">Only this memcg and those below it, as text; null for all.</param>
/// <param name="Processes">Processes to tell apart.</param>
/// <param name="Interval">From the end of a pass to the start of the next.</param>
/// <param name="Time">The clock of the host.</param>
/// <param name="ReferencedWindow">Passes over which <see cref="ReferencedSource"/> lets accessed bits gather.</param>
internal sealed record SourceOptions(string? Memcg, IReadOnlyList<int> Processes, TimeSpan Interval, TimeProvider Time, int ReferencedWindow);
