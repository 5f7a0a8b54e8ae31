using System.Diagnostics;
using System.Globalization;

namespace ColdPages.KernelTests;

/// <summary>tests/workloads/pages.c in a cgroup: a program that does with single pages what it is told, and tells which frames they are in.</summary>
internal sealed class ScriptedProcess : IDisposable
{
    private readonly Process _process;

    public ScriptedProcess(Cgroup cgroup) => _process = CgroupProcess.Start(cgroup, "pages");

    /// <summary>Maps memory ("anon", "thp", "shmem" or "file") that holds nothing yet; gives the number of the region.</summary>
    public int Map(string kind, int pages, string file = "") => int.Parse(Ask($"map {kind} {pages} {file}"), CultureInfo.InvariantCulture);

    /// <summary>Does with some pages of a region what the command says: see pages.c.</summary>
    public void Do(string command, int region, int first, int count = 1) => Expect($"{command} {region} {first} {count}");

    /// <summary>Has every CPU put the pages that wait in its batches on their LRU lists.</summary>
    public void Drain() => Expect("drain");

    /// <summary>The frame of each page; -1 where it has none.</summary>
    public long[] Frames(int region, int first, int count) =>
        [.. Ask($"frames {region} {first} {count}").Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(word => long.TryParse(word, CultureInfo.InvariantCulture, out long frame) ? frame : -1)];

    public void Dispose() => CgroupProcess.End(_process);

    private void Expect(string command) => Assert.Equal((command, "ok"), (command, Ask(command)));

    private string Ask(string command)
    {
        _process.StandardInput.WriteLine(command);
        _process.StandardInput.Flush();
        return _process.StandardOutput.ReadLine() ?? throw new InvalidOperationException($"pages ended at '{command}'.");
    }
}
