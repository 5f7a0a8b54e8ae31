using ColdPages.Cli.Commands;
using Spectre.Console;

namespace ColdPages.Cli.Output;

/// <summary>Shows a person that the program waits, and for what.</summary>
internal sealed class ScanProgress(CliEnvironment environment, ReportSettings settings)
{
    // Soon enough for a person who wonders, seldom enough for a log.
    private static readonly TimeSpan s_everySoOften = TimeSpan.FromSeconds(5);

    private long _told = environment.TimeProvider.GetTimestamp();

    public async Task ShowAsync(Task waiting, int scans)
    {
        // Simulated time is not waited for, but a million passes take minutes.
        if (settings.Source == ColdPageSource.Simulated)
            TellNowAndThen(scans);
        else if (environment.ErrorIsTerminal && !waiting.IsCompleted)
            await SpinAsync(waiting, scans);
        await waiting;
    }

    private async Task SpinAsync(Task waiting, int scans)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(environment.Error) });
        await console.Status().StartAsync(
            $"pass {scans} of {settings.Scans} done, the next in {Units.Time(settings.Interval)}", _ => waiting);
    }

    private void TellNowAndThen(int scans)
    {
        if (environment.TimeProvider.GetElapsedTime(_told) < s_everySoOften)
            return;
        environment.Tell($"pass {scans} of {settings.Scans} done.");
        _told = environment.TimeProvider.GetTimestamp();
    }
}
