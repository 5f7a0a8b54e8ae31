using System.Diagnostics;

namespace ColdPages.KernelTests;

/// <summary>Runs a program to its end.</summary>
internal static class Command
{
    /// <summary>What it printed; any exit code but 0 fails the test.</summary>
    public static string Output(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, UseShellExecute = false })!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}.");
        return output;
    }
}
