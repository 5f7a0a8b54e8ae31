namespace ColdPages;

/// <summary>Why something cannot be done on this host, and what would help.</summary>
internal sealed record Problem(string Why, string Remedy);
