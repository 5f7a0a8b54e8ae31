using ColdPages.Cli.Commands;
using Spectre.Console;

namespace ColdPages.Cli.Output;

/// <summary>Shows a person that the program waits, and for what.</summary>
internal sealed class ScanProgress(CliEnvironment environment, ReportSettings settings)
{
    public async Task ShowAsync(Task waiting, int scans)
    {
        if (!environment.ErrorIsTerminal || waiting.IsCompleted)
        {
            await waiting;
            return;
        }

        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(environment.Error) });
        await console.Status().StartAsync(
            $"pass {scans} of {settings.Scans} done, the next in {Units.Seconds(settings.Interval)}", _ => waiting);
    }
}
