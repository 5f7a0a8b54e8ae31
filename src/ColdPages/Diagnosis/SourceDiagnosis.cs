namespace ColdPages;

/// <summary>Whether a source can be used on a host.</summary>
public sealed record SourceDiagnosis
{
    internal SourceDiagnosis(ColdPageSource source, string? why, string? remedy)
    {
        Source = source;
        Why = why;
        Remedy = remedy;
    }

    /// <summary>The source.</summary>
    public ColdPageSource Source { get; }

    /// <summary>Whether it can.</summary>
    public bool IsUsable => Why is null;

    /// <summary>What is missing; null where it can be used.</summary>
    public string? Why { get; }

    /// <summary>What would bring it; null where it can be used.</summary>
    public string? Remedy { get; }
}
