using System.Diagnostics;
using System.Globalization;

namespace ColdPages.KernelTests;

/// <summary>tests/workloads/hold.c in a cgroup: a program that knows what it holds and what of it it touches.</summary>
internal sealed class HoldWorkload : IDisposable
{
    private readonly Process _process;

    private HoldWorkload(Process process) => _process = process;

    public int Pid => _process.Id;

    /// <summary>What smaps_rollup says of its huge pages.</summary>
    public long HugeBytes
    {
        get
        {
            string line = File.ReadLines($"/proc/{Pid}/smaps_rollup").Single(line => line.StartsWith("AnonHugePages:", StringComparison.Ordinal));
            return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024;
        }
    }

    /// <summary>Starts it and waits until it has touched everything once.</summary>
    public static async Task<HoldWorkload> StartAsync(Cgroup cgroup, string kind, int totalMiB, int hotMiB, string file = "")
    {
        string program = Path.Combine(AppContext.BaseDirectory, "hold");
        Assert.True(File.Exists(program), $"{program} is not there: apt-get install gcc libc6-dev, and build again.");

        // The shell moves itself into the cgroup, so that all that the program ever touches is charged there.
        Process process = Process.Start(new ProcessStartInfo(
            "/bin/sh", ["-c", "echo $$ > \"$0/cgroup.procs\" && exec \"$@\"", cgroup.Folder, program, kind, $"{totalMiB}", $"{hotMiB}", file])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            UseShellExecute = false,
        })!;
        HoldWorkload workload = new(process);
        try
        {
            Assert.Equal($"ready {process.Id}", await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken));
        }
        catch
        {
            workload.Dispose();
            throw;
        }

        return workload;
    }

    /// <summary>Ends it by the end of its input.</summary>
    public void Dispose()
    {
        _process.StandardInput.Close();
        _process.WaitForExit();
        _process.Dispose();
    }
}
