using System.Diagnostics;
using System.Globalization;

namespace ColdPages.KernelTests;

/// <summary>tests/workloads/hold.c in a cgroup: a program that knows what it holds and what of it it touches.</summary>
internal sealed class HoldWorkload : IDisposable
{
    private readonly Process _process;

    private HoldWorkload(Process process) => _process = process;

    public int Pid => _process.Id;

    /// <summary>What smaps_rollup says of its huge pages of 2 MiB.</summary>
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
        HoldWorkload workload = new(CgroupProcess.Start(cgroup, "hold", kind, $"{totalMiB}", $"{hotMiB}", file));
        try
        {
            await workload.ExpectAsync($"ready {workload.Pid}");
        }
        catch
        {
            workload.Dispose();
            throw;
        }

        return workload;
    }

    /// <summary>Has it touch a part once.</summary>
    public Task TouchAsync(int fromMiB, int toMiB) => DoAsync("touch", fromMiB, toMiB);

    /// <summary>Has it touch another part all the time, from now on.</summary>
    public Task MoveHotAsync(int fromMiB, int toMiB) => DoAsync("hot", fromMiB, toMiB);

    /// <summary>Has it give a part back that it does not touch.</summary>
    public Task FreeAsync(int fromMiB, int toMiB) => DoAsync("free", fromMiB, toMiB);

    public void Dispose() => CgroupProcess.End(_process);

    private async Task DoAsync(string command, int fromMiB, int toMiB)
    {
        await _process.StandardInput.WriteLineAsync($"{command} {fromMiB} {toMiB}".AsMemory(), TestContext.Current.CancellationToken);
        await _process.StandardInput.FlushAsync(TestContext.Current.CancellationToken);
        await ExpectAsync("done");
    }

    private async Task ExpectAsync(string answer) =>
        Assert.Equal(answer, await _process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken));
}
