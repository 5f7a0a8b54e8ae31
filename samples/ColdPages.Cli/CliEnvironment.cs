using ColdPages.Simulation;

namespace ColdPages.Cli;

/// <summary>What the program is connected to; tests connect it to something else.</summary>
internal sealed record CliEnvironment
{
    /// <summary>Results, and nothing else.</summary>
    public required Stream Output { get; init; }

    /// <summary>Progress, warnings and errors.</summary>
    public required TextWriter Error { get; init; }

    /// <summary>Whether a person watches the results, and may like colours.</summary>
    public bool OutputIsTerminal { get; init; }

    /// <summary>Characters that fit into a line of the results; without limit in a file or a pipe.</summary>
    public int OutputWidth { get; init; } = int.MaxValue;

    /// <summary>Whether a person watches the progress.</summary>
    public bool ErrorIsTerminal { get; init; }

    /// <summary>The host of --root, or without it.</summary>
    public Func<string?, HostRoots> Roots { get; init; } = static root => root is null ? HostRoots.Local : HostRoots.Mounted(root);

    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>The same, connected to a simulated host in its own time; each is the same as the one before.</summary>
    public CliEnvironment Simulated()
    {
        const int Seed = 1;
        SimulatedHost host = SimulatedHost.Demo(Seed);
        return this with { Roots = _ => host.Roots, TimeProvider = host.TimeProvider };
    }

    public static CliEnvironment Console() => new()
    {
        Output = System.Console.OpenStandardOutput(),
        Error = System.Console.Error,
        OutputIsTerminal = !System.Console.IsOutputRedirected,
        OutputWidth = System.Console.IsOutputRedirected || System.Console.WindowWidth <= 0 ? int.MaxValue : System.Console.WindowWidth,
        ErrorIsTerminal = !System.Console.IsErrorRedirected,
    };

    /// <summary>A line for the person at the shell, whatever names from the kernel it holds.</summary>
    public void Tell(string message)
    {
        try
        {
            Error.WriteLine($"coldpages: {TerminalText.Escape(message, keepNewlines: true)}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Nobody hears it; the results and the exit code are still to come.
        }
    }
}
