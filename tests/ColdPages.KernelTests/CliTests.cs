using System.Text;

namespace ColdPages.KernelTests;

/// <summary>The command as a person would type it, next to memory of every kind at once.</summary>
public sealed class CliTests : IClassFixture<QuietAccessedBits>
{
    // Built with these tests; the guest has them where they were built.
    private static string Program => Path.Combine(
        AppContext.BaseDirectory.Replace("tests/ColdPages.KernelTests", "samples/ColdPages.Cli", StringComparison.Ordinal), "coldpages.dll");

    [Fact]
    public async Task Report_tells_what_each_of_many_programs_holds_and_touches()
    {
        Guest.Require();
        Dictionary<string, HeldMemory> workloads = [];
        using WorstFigures worst = new();
        try
        {
            foreach (string kind in (string[])["anon", "thp", "mthp", "shmem", "file", "read"])
                workloads.Add(kind, await HeldMemory.StartAsync(kind, "/" + kind, 90, 30));
            for (int run = 0; run < Guest.Runs; run++)
                AssertReport(workloads, worst);
        }
        finally
        {
            foreach (HeldMemory held in workloads.Values)
                held.Dispose();
        }
    }

    [Fact]
    public async Task Report_by_generations_tells_what_each_of_three_programs_holds_and_touches()
    {
        Guest.Require();
        using KernelSetting on = new("/sys/kernel/mm/lru_gen/enabled", "y");
        using HeldMemory anon = await HeldMemory.StartAsync("anon", "/anon", 90, 30);
        using HeldMemory huge = await HeldMemory.StartAsync("thp", "/thp", 90, 30);
        using HeldMemory shmem = await HeldMemory.StartAsync("shmem", "/shmem", 90, 30);
        for (int run = 0; run < Guest.Runs; run++)
        {
            ColdPageSnapshot report = Report("mglru");
            foreach (HeldMemory held in (HeldMemory[])[anon, huge])
            {
                Truth.AssertBins(report[held.Memcg].Idle(), 30, 0, 0, 60);
                Truth.AssertKind(report[held.Memcg].Idle(), PageKind.Anon, 90, 60);
            }

            // This program, as any with this runtime, maps some MiB of shared memory, and might touch what is held here.
            Truth.AssertWithin(report[shmem.Memcg].Idle(), 60, 90);
        }
    }

    private static ColdPageSnapshot Report(string source)
    {
        string json = Command.Output("dotnet", Program, "report", "--source", source, "--interval", "2s", "--scans", "4", "--json");
        ColdPageSnapshot report = ColdPageSnapshot.ReadJson(Encoding.UTF8.GetBytes(json));
        Assert.Equal(source, report.Source.ToName());
        Assert.Equal(4, report.Scans);
        return report;
    }

    private static void AssertReport(Dictionary<string, HeldMemory> workloads, WorstFigures worst)
    {
        ColdPageSnapshot report = Report("idle-bitmap");
        foreach ((string kind, HeldMemory held) in workloads)
        {
            AgeHistogram idle = report[held.Memcg].Idle();
            worst.AssertBins(kind, idle, 30, 0, 0, 60);
            Truth.AssertKind(idle, held.Pages, 90, 60);
        }
    }
}
