namespace ColdPages.Cli;

/// <summary>What the process's exit code tells a script.</summary>
internal static class ExitCode
{
    public const int Done = 0;

    /// <summary>--memcg or --pid is not there, or a pass failed.</summary>
    public const int Failed = 1;

    /// <summary>An option is unknown or its value is bad.</summary>
    public const int WrongUsage = 2;

    /// <summary>No rights, no source, or another tracker has the host; the message says what would help.</summary>
    public const int NotPossibleHere = 3;

    /// <summary>128 + SIGINT, as shells have it.</summary>
    public const int Interrupted = 130;
}
