namespace ColdPages.Cli.Commands;

/// <summary>What report was asked for.</summary>
internal sealed record ReportSettings
{
    public required ColdPageSource Source { get; init; }

    public required TimeSpan Interval { get; init; }

    public required int Scans { get; init; }

    public required int Confirm { get; init; }

    public required bool Passive { get; init; }

    /// <summary>Null for the oldest age that is told.</summary>
    public required TimeSpan? OlderThan { get; init; }

    public required string? Memcg { get; init; }

    public required int? Pid { get; init; }

    public required MemcgScope Scope { get; init; }

    /// <summary>Whether to tell what memory is made of.</summary>
    public required bool Detail { get; init; }

    public required int? Top { get; init; }

    public required string? Root { get; init; }

    public required string? LeaseDirectory { get; init; }

    public required bool Json { get; init; }
}
