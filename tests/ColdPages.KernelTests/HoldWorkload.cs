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

    /// <summary>Has it put guard regions in place of a part that it does not touch.</summary>
    public Task GuardAsync(int fromMiB, int toMiB) => DoAsync("guard", fromMiB, toMiB);

    /// <summary>How much of a part is in swap.</summary>
    public async Task<double> SwappedMiBAsync(int fromMiB, int toMiB)
    {
        await SendAsync("swapped", fromMiB, toMiB);
        return long.Parse(await AnswerAsync() ?? "", CultureInfo.InvariantCulture) / 256.0;
    }

    /// <summary>Has it give a part of small pages back and fill it anew.</summary>
    public Task RenewAsync(int fromMiB, int toMiB) => DoAsync("renew", fromMiB, toMiB);

    /// <summary>Has it give back the second half of each huge page of a part.</summary>
    public Task HalveAsync(int fromMiB, int toMiB) => DoAsync("halve", fromMiB, toMiB);

    /// <summary>Has it make huge pages of a part.</summary>
    public Task CollapseAsync(int fromMiB, int toMiB) => DoAsync("collapse", fromMiB, toMiB);

    /// <summary>Has it let the kernel take a part when it likes, by MADV_FREE.</summary>
    public Task FreeLazilyAsync(int fromMiB, int toMiB) => DoAsync("lazyfree", fromMiB, toMiB);

    /// <summary>Has the kernel move a part to another NUMA node.</summary>
    public Task MoveToNodeAsync(int fromMiB, int toMiB, int node) => DoAsync("node", fromMiB, toMiB, node);

    /// <summary>From now on it has no page faults but those of its commands.</summary>
    public Task BeQuietAsync() => DoAsync("quiet", 1, 0);

    /// <summary>From now on it has one child after another, each of which becomes another program, fills so much and ends.</summary>
    public Task ChurnAsync(int mib) => DoAsync("churn", mib, 0);

    public void Dispose() => CgroupProcess.End(_process);

    private async Task DoAsync(string command, int fromMiB, int toMiB, int node = 0)
    {
        await SendAsync(command, fromMiB, toMiB, node);
        await ExpectAsync("done");
    }

    private async Task SendAsync(string command, int fromMiB, int toMiB, int node = 0)
    {
        await _process.StandardInput.WriteLineAsync($"{command} {fromMiB} {toMiB} {node}".AsMemory(), TestContext.Current.CancellationToken);
        await _process.StandardInput.FlushAsync(TestContext.Current.CancellationToken);
    }

    private async Task ExpectAsync(string answer) => Assert.Equal(answer, await AnswerAsync());

    private async Task<string?> AnswerAsync() => await _process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);
}
