using System.Text;
using ColdPages.Cli;

namespace ColdPages.Tests;

/// <summary>A run of the program against a host in memory.</summary>
internal sealed record CliRun(int ExitCode, string Output, string Error)
{
    public static async Task<CliRun> OfAsync(FakeHost host, CancellationToken cancellationToken, params string[] args)
    {
        using TempFolder lease = new();
        return await OfAsync(host, lease.Path, cancellationToken, args);
    }

    public static Task<CliRun> OfAsync(FakeHost host, string lease, CancellationToken cancellationToken, params string[] args) =>
        OfAsync(host, lease, int.MaxValue, TimeProvider.System, cancellationToken, args);

    /// <summary>Of a host of its own, seen by a person with this clock.</summary>
    public static async Task<CliRun> OfSimulatedAsync(TimeProvider time, CancellationToken cancellationToken, params string[] args)
    {
        using TempFolder lease = new();
        return await OfAsync(new FakeHost(), lease.Path, int.MaxValue, time, cancellationToken, ["report", "--source", "simulated", .. args]);
    }

    /// <summary>On a terminal so many characters wide.</summary>
    public static async Task<CliRun> OfAsync(FakeHost host, int width, CancellationToken cancellationToken, params string[] args)
    {
        using TempFolder lease = new();
        return await OfAsync(host, lease.Path, width, TimeProvider.System, cancellationToken, args);
    }

    private static async Task<CliRun> OfAsync(FakeHost host, string lease, int width, TimeProvider time, CancellationToken cancellationToken, params string[] args)
    {
        using MemoryStream output = new();
        using StringWriter error = new();
        CliEnvironment environment = new()
        {
            Output = output,
            Error = error,
            OutputWidth = width,
            TimeProvider = time,
            Roots = root => root is null ? host.Roots : HostRoots.Mounted(root),
        };
        bool isReport = args.Length == 0 || args[0].StartsWith('-') || args[0] == "report";
        int code = await CliApp.RunAsync(isReport ? [.. args, "--lease-dir", lease] : args, environment, cancellationToken);
        return new CliRun(code, Encoding.UTF8.GetString(output.ToArray()), error.ToString());
    }
}
