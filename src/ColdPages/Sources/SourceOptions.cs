namespace ColdPages;

/// <summary>What a source is asked for.</summary>
/// <param name="Memcg">Only this memcg and those below it, as text; null for all.</param>
/// <param name="Processes">Processes to tell apart.</param>
/// <param name="ReferencedWindow">Passes over which <see cref="ReferencedSource"/> lets accessed bits gather.</param>
internal sealed record SourceOptions(string? Memcg, IReadOnlyList<int> Processes, int ReferencedWindow);
