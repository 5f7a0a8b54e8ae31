namespace ColdPages.Cli.Commands;

/// <summary>What doctor was asked for.</summary>
internal sealed record DoctorSettings(ColdPageSource Source, string? Root, bool Json);
