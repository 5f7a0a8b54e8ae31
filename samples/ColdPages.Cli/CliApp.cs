using System.CommandLine;
using ColdPages.Cli.Commands;

namespace ColdPages.Cli;

/// <summary>The program: finds the command, and turns every way that it can end into a message and an exit code.</summary>
internal static class CliApp
{
    public static async Task<int> RunAsync(string[] args, CliEnvironment environment, CancellationToken cancellationToken = default)
    {
        RootCommand root = new("Shows how many bytes of each memory cgroup have been idle for how long. Without a command: report.");
        root.Subcommands.Add(ReportCommand.Create(environment));
        root.Subcommands.Add(DoctorCommand.Create(environment));
        ParseResult parsed = root.Parse(WithCommand(args, root));
        if (parsed.Errors.Count > 0)
        {
            // That a command is missing follows from a word that is none.
            IEnumerable<string> messages = parsed.Errors.Select(error => error.Message).Distinct(StringComparer.Ordinal);
            foreach (string message in parsed.UnmatchedTokens.Count == 0 ? messages : messages.Where(message => message.Contains('\'')))
                environment.Tell(message);
            Command command = parsed.CommandResult.Command;
            environment.Tell($"see coldpages {(command == root ? "" : $"{command.Name} ")}--help.");
            return ExitCode.WrongUsage;
        }

        try
        {
            // A pass ends at the next process once it is told to; only a stuck kernel needs longer.
            await using StreamWriter output = new(environment.Output, leaveOpen: true);
            InvocationConfiguration configuration = new()
            {
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = TimeSpan.FromSeconds(10),
                Output = output,
                Error = environment.Error,
            };
            return await parsed.InvokeAsync(configuration, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            environment.Tell("interrupted.");
            return ExitCode.Interrupted;
        }
        catch (SourceUnavailableException e)
        {
            environment.Tell(e.Message);
            return ExitCode.NotPossibleHere;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            environment.Tell($"the results could not be written: {e.Message}");
            return ExitCode.Failed;
        }
        catch (Exception e)
        {
            environment.Tell($"this should not have happened, please report it: {e}");
            return ExitCode.Failed;
        }
    }

    // "coldpages --json" is "coldpages report --json".
    private static string[] WithCommand(string[] args, RootCommand root)
    {
        bool isReport = args.Length == 0 || (args[0].StartsWith('-') && !root.Options.Any(option => option.Name == args[0] || option.Aliases.Contains(args[0])));
        return isReport ? ["report", .. args] : args;
    }
}
