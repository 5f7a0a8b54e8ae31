using System.Text.Json;

namespace ColdPages.KernelTests;

/// <summary>What is told of kernels of which it is known what they can do.</summary>
public sealed class DoctorTests
{
    // Built with these tests; the guest has them where they were built.
    private static string Program => Path.Combine(
        AppContext.BaseDirectory.Replace("tests/ColdPages.KernelTests", "samples/ColdPages.Cli", StringComparison.Ordinal), "coldpages.dll");

    private static bool Is6_12 => File.ReadAllText("/proc/sys/kernel/osrelease").StartsWith("6.12.", StringComparison.Ordinal);

    // These came after 6.12.
    private static string[] Missing => Is6_12 ? ["memory.reclaim swappiness=max", "node reclaim"] : [];

    [Fact]
    public void Root_is_told_that_all_works_that_this_kernel_has()
    {
        Guest.Require();
        for (int run = 0; run < Math.Max(5, Guest.Runs); run++)
        {
            HostDiagnosis diagnosis = HostDiagnosis.Examine(HostRoots.Local);
            Assert.Equal(Missing, diagnosis.Features.Where(feature => !feature.IsAvailable).Select(feature => feature.Name));
            Assert.Equal(ColdPageSource.IdleBitmap, diagnosis.Chosen);
            Assert.EndsWith(" of 511 MiB free, on zram", Detail(diagnosis, "swap"), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_process_of_a_memcg_without_the_controller_asks_the_one_above()
    {
        Guest.Require();
        using Cgroup memcg = new("/doctor");
        using Cgroup inner = new("/doctor/inner");
        Assert.False(inner.HasMemoryController);
        string json = Command.Output("sh", "-c", $"echo $$ > {inner.Folder}/cgroup.procs && exec dotnet {Program} doctor --json");
        Assert.Equal(Missing, MissingFeatures(json));
    }

    [Fact]
    public void Nothing_is_reclaimed_meanwhile()
    {
        Guest.Require();
        long before = Counter("pgsteal_proactive", "pgscan_direct", "pswpout");
        HostDiagnosis.Examine(HostRoots.Local);
        Assert.Equal(before, Counter("pgsteal_proactive", "pgscan_direct", "pswpout"));
    }

    [Fact]
    public void What_is_switched_off_is_told_with_the_command_that_switches_it_on()
    {
        Guest.Require();
        using KernelSetting generations = new("/sys/kernel/mm/lru_gen/enabled", "n");
        using KernelSetting hugePages = new("/sys/kernel/mm/transparent_hugepage/enabled", "never");
        Command.Output("swapoff", "/dev/zram0");
        try
        {
            HostDiagnosis diagnosis = HostDiagnosis.Examine(HostRoots.Local);
            Assert.StartsWith("echo y > /sys/kernel/mm/lru_gen/enabled", Remedy(diagnosis, "lru_gen"), StringComparison.Ordinal);
            Assert.StartsWith("echo 7 > /sys/kernel/mm/lru_gen/enabled", Remedy(diagnosis, "lru_gen mm_walk"), StringComparison.Ordinal);
            Assert.StartsWith("echo madvise > /sys/kernel/mm/transparent_hugepage/enabled", Remedy(diagnosis, "transparent huge pages"), StringComparison.Ordinal);
            Assert.Contains("swapon", Remedy(diagnosis, "swap"), StringComparison.Ordinal);
            Assert.Null(Remedy(diagnosis, "idle page tracking"));
        }
        finally
        {
            Command.Output("swapon", "/dev/zram0");
        }
    }

    [Fact]
    public void Root_and_an_ordinary_user_read_what_each_may_do_in_json()
    {
        Guest.Require();
        string[] root = MissingFeatures(Command.Output("dotnet", Program, "doctor", "--json"));
        Assert.Equal(Missing, root);
        string json = Command.Output("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "dotnet", Program, "doctor", "--json");
        using JsonDocument document = JsonDocument.Parse(json);
        Assert.Equal(JsonValueKind.Null, document.RootElement.GetProperty("chosen").ValueKind);
        Assert.Equal(
            [
                "idle page tracking", "pagemap", "kpageflags", "kpageflags idle on tails", "kpagecgroup", "lru_gen debugfs", "memory.reclaim", "memory.reclaim swappiness",
                "memory.reclaim swappiness=max", "node reclaim", "process_madvise",
            ],
            MissingFeatures(json));
        foreach (JsonElement feature in document.RootElement.GetProperty("features").EnumerateArray().Where(feature => !feature.GetProperty("available").GetBoolean()))
            Assert.Matches("Run as root|6.17", feature.GetProperty("remedy").GetString());
    }

    private static string? Remedy(HostDiagnosis diagnosis, string feature) => diagnosis.Features.Single(candidate => candidate.Name == feature).Remedy;

    private static string? Detail(HostDiagnosis diagnosis, string feature) => diagnosis.Features.Single(candidate => candidate.Name == feature).Detail;

    private static string[] MissingFeatures(string json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        return
        [
            .. document.RootElement.GetProperty("features").EnumerateArray()
                .Where(feature => !feature.GetProperty("available").GetBoolean()).Select(feature => feature.GetProperty("name").GetString()!),
        ];
    }

    private static long Counter(params string[] names) => File.ReadLines("/proc/vmstat")
        .Select(line => line.Split(' ')).Where(fields => names.Contains(fields[0])).Sum(fields => long.Parse(fields[1], System.Globalization.CultureInfo.InvariantCulture));
}
