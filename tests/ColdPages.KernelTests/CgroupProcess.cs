using System.Diagnostics;

namespace ColdPages.KernelTests;

/// <summary>Starts the programs of tests/workloads, each in a cgroup, to be talked to by lines.</summary>
internal static class CgroupProcess
{
    public static Process Start(Cgroup cgroup, string program, params string[] arguments)
    {
        string path = Path.Combine(AppContext.BaseDirectory, program);
        Assert.True(File.Exists(path), $"{path} is not there: apt-get install gcc libc6-dev, and build again.");

        // The shell moves itself into the cgroup, so that all that the program ever touches is charged there.
        return Process.Start(new ProcessStartInfo(
            "/bin/sh", ["-c", "echo $$ > \"$0/cgroup.procs\" && exec \"$@\"", cgroup.Folder, path, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            UseShellExecute = false,
        })!;
    }

    /// <summary>Ends it by the end of its input.</summary>
    public static void End(Process process)
    {
        process.StandardInput.Close();
        process.WaitForExit();
        process.Dispose();
    }
}
