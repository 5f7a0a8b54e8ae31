using System.Collections;
using System.Diagnostics;
using Xunit;

namespace ColdPages.PackageTests;

/// <summary>Runs the dotnet command as a person at the shell would, and keeps all that it said for the message of a failure.</summary>
internal static class DotnetCommand
{
    // Restoring over a slow line is the long part; a command that takes longer than this hangs.
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(5);

    /// <summary>Gives what the command wrote to its standard output; any exit code but 0 fails the test.</summary>
    public static async Task<string> RunAsync(
        string folder, IReadOnlyDictionary<string, string> environment, CancellationToken cancellationToken, params string[] arguments)
    {
        ProcessStartInfo start = new(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet")
        {
            WorkingDirectory = folder,
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (string argument in arguments)
            start.ArgumentList.Add(argument);
        SetEnvironment(start.Environment, environment);

        using Process process = Process.Start(start) ?? throw new InvalidOperationException($"{start.FileName} did not start.");
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(s_patience);
        Task<string> output = process.StandardOutput.ReadToEndAsync(limit.Token);
        Task<string> errors = process.StandardError.ReadToEndAsync(limit.Token);
        try
        {
            await Task.WhenAll(output, errors, process.WaitForExitAsync(limit.Token));
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            cancellationToken.ThrowIfCancellationRequested();
            Assert.Fail($"'dotnet {string.Join(' ', arguments)}' in {folder} did not end within {s_patience}.");
        }

        if (process.ExitCode != 0)
            Assert.Fail($"'dotnet {string.Join(' ', arguments)}' in {folder} ended with {process.ExitCode}.\n--- output\n{await output}\n--- errors\n{await errors}");
        return await output;
    }

    private static void SetEnvironment(IDictionary<string, string?> target, IReadOnlyDictionary<string, string> environment)
    {
        // 'dotnet test' tells its children where its own MSBuild and SDK are; a fresh command is to find its own.
        foreach (DictionaryEntry variable in Environment.GetEnvironmentVariables())
        {
            string name = (string)variable.Key;
            if (name.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase) || name.StartsWith("TESTINGPLATFORM_", StringComparison.Ordinal))
                target.Remove(name);
        }

        // Servers that outlive the command would hold its output open, and reading that would never end.
        target["MSBUILDDISABLENODEREUSE"] = "1";
        target["DOTNET_CLI_USE_MSBUILD_SERVER"] = "0";
        target["UseSharedCompilation"] = "false";
        target["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1";
        target["DOTNET_CLI_UI_LANGUAGE"] = "en";
        target["DOTNET_NOLOGO"] = "1";
        foreach ((string name, string value) in environment)
            target[name] = value;
    }
}
