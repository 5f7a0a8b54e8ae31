namespace ColdPages;

/// <summary>Whether a source can be used on a host.</summary>
/// <param name="Source">The source.</param>
/// <param name="IsUsable">Whether it can.</param>
/// <param name="Why">What is missing; null where it can be used.</param>
/// <param name="Remedy">What would bring it; null where it can be used.</param>
public sealed record SourceDiagnosis(ColdPageSource Source, bool IsUsable, string? Why, string? Remedy);
