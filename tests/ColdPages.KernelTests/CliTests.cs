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
        try
        {
            foreach (string kind in (string[])["anon", "thp", "mthp", "shmem", "file", "read"])
                workloads.Add(kind, await HeldMemory.StartAsync(kind, "/" + kind, 90, 30));
            for (int run = 0; run < Guest.Runs; run++)
                AssertReport(workloads.Values);
        }
        finally
        {
            foreach (HeldMemory held in workloads.Values)
                held.Dispose();
        }
    }

    private static void AssertReport(IEnumerable<HeldMemory> workloads)
    {
        string json = Command.Output("dotnet", Program, "report", "--source", "idle-bitmap", "--interval", "2s", "--scans", "4", "--json");
        ColdPageSnapshot report = ColdPageSnapshot.ReadJson(Encoding.UTF8.GetBytes(json));
        Assert.Equal(ColdPageSource.IdleBitmap, report.Source);
        Assert.Equal(4, report.Scans);
        foreach (HeldMemory held in workloads)
        {
            AgeHistogram idle = report[held.Memcg].Idle();
            Truth.AssertBins(idle, 30, 0, 0, 60);
            Truth.AssertKind(idle, held.Pages, 90, 60);
        }
    }
}
