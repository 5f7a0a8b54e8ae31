using System.Diagnostics;

namespace ColdPages.Tests;

/// <summary>tests/workloads/hold.c in a memcg of its own on this machine; gone with its cgroup when disposed.</summary>
internal sealed class HoldWorkload : IDisposable
{
    private static readonly Lazy<string?> s_program = new(Compile);

    private readonly Process _process;
    private readonly string _cgroup;

    private HoldWorkload(Process process, string cgroup, string memcg)
    {
        _process = process;
        _cgroup = cgroup;
        Memcg = memcg;
    }

    /// <summary>Its path in the memory hierarchy.</summary>
    public string Memcg { get; }

    public int Pid => _process.Id;

    /// <summary>Why this cannot run here, and what would help; null where it can.</summary>
    public static string? Obstacle
    {
        get
        {
            if (!OperatingSystem.IsLinux())
                return "not Linux; run on a Linux host";
            if (!Environment.IsPrivilegedProcess)
                return "not root; run as root";
            if (MemcgHierarchy.Find(HostRoots.Local.Files, out Problem? problem) is null)
                return $"{problem!.Why} {problem.Remedy}";
            return s_program.Value is null ? "no C compiler; apt-get install gcc libc6-dev" : null;
        }
    }

    /// <summary>Starts it and waits until it has touched everything once.</summary>
    public static async Task<HoldWorkload> StartAsync(string kind, int totalMiB, int hotMiB, CancellationToken cancellationToken)
    {
        MemcgHierarchy hierarchy = MemcgHierarchy.Find(HostRoots.Local.Files, out _)!;
        string name = $"coldpages-test-{Environment.ProcessId}-{kind}";
        string cgroup = Path.Combine(System.Text.Encoding.UTF8.GetString(hierarchy.MountPoint), name);
        Directory.CreateDirectory(cgroup);
        string file = Path.Combine(Path.GetTempPath(), name);

        // The shell moves itself into the cgroup, so that all that the program ever touches is charged there.
        Process process = Process.Start(new ProcessStartInfo(
            "/bin/sh", ["-c", "echo $$ > \"$0/cgroup.procs\" && exec \"$@\"", cgroup, s_program.Value!, kind, $"{totalMiB}", $"{hotMiB}", file])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            UseShellExecute = false,
        })!;
        HoldWorkload workload = new(process, cgroup, "/" + name);
        try
        {
            string? line = await process.StandardOutput.ReadLineAsync(cancellationToken);
            Assert.StartsWith("ready", line, StringComparison.Ordinal);
        }
        catch
        {
            workload.Dispose();
            throw;
        }
        finally
        {
            File.Delete(file); // It has it open.
        }

        return workload;
    }

    /// <summary>Has it touch a part once more, and waits until it has: on a busy machine its next round may be long in coming.</summary>
    public async Task TouchAsync(int fromMiB, int toMiB, CancellationToken cancellationToken)
    {
        await _process.StandardInput.WriteLineAsync($"touch {fromMiB} {toMiB}".AsMemory(), cancellationToken);
        await _process.StandardInput.FlushAsync(cancellationToken);
        Assert.Equal("done", await _process.StandardOutput.ReadLineAsync(cancellationToken));
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        _process.WaitForExit();
        _process.Dispose();

        // Its child ends when it notices; until then the cgroup is busy.
        for (int attempt = 0; Directory.Exists(_cgroup); attempt++)
        {
            try
            {
                Directory.Delete(_cgroup);
            }
            catch (IOException) when (attempt < 100_000)
            {
                Thread.Yield();
            }
        }
    }

    private static string? Compile()
    {
        string output = Path.Combine(AppContext.BaseDirectory, "hold");
        try
        {
            using Process compiler = Process.Start(new ProcessStartInfo("cc", ["-O2", "-static", "-o", output, Repository.File("tests/workloads/hold.c")]) { UseShellExecute = false })!;
            compiler.WaitForExit();
            return compiler.ExitCode == 0 ? output : null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }
}
