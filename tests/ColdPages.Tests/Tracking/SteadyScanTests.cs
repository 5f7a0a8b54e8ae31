using System.Globalization;
using ColdPages.Simulation;

namespace ColdPages.Tests;

/// <summary>What a scan costs its own process once everything it needs is there.</summary>
[Collection(Alone.Name)]
public sealed class SteadyScanTests
{
    // Over plain files, through the real host's code.
    [Fact]
    public void A_steady_scan_of_referenced_allocates_nothing()
    {
        using TempFolder root = new();
        using TempFolder lease = new();
        WriteHost(root.Path);
        using ColdPageTracker tracker = ColdPageTracker.Open(new ColdPageTrackerOptions
        {
            Roots = HostRoots.Mounted(root.Path),
            Source = ColdPageSource.Referenced,
            LeaseDirectory = lease.Path,
        });
        using CancellationTokenSource cancellation = new();
        tracker.Scan(cancellation.Token);
        tracker.Scan(cancellation.Token);
        Assert.Equal(20L * 300 * 4096, tracker.TakeSnapshot()["/"].TrackedBytes());

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 130; i++)
            tracker.Scan(cancellation.Token);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(20L * 300 * 4096, tracker.TakeSnapshot()["/"].TrackedBytes());
    }

    // Over the simulated host's files, which make no garbage themselves. Part of its memory moves between hot and cold all the time.
    [Fact]
    public void A_steady_scan_of_the_idle_bitmap_allocates_nothing()
    {
        SimulatedHost host = SimulatedHost.Demo(seed: 1);
        using ColdPageTracker tracker = ColdPageTracker.Open(new ColdPageTrackerOptions
        {
            Roots = host.Roots,
            TimeProvider = host.TimeProvider,
            Source = ColdPageSource.IdleBitmap,
        });

        // As many as it takes for the hot part to have come round, and for marks to be used a second time.
        for (int i = 0; i < 600; i++)
            Scan();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 300; i++)
            Scan();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.NotEqual(0, tracker.TakeSnapshot()["/"].Promotions().Total.AtMost);

        void Scan()
        {
            host.Advance(TimeSpan.FromSeconds(1));
            tracker.Scan();
        }
    }

    [Theory]
    [InlineData(ColdPageSource.MultiGenLru, false)]
    [InlineData(ColdPageSource.MultiGenLru, true)]
    [InlineData(ColdPageSource.IdleBitmap, false)]
    public void A_steady_scan_with_the_multi_generational_lru_allocates_nothing(ColdPageSource source, bool passive)
    {
        SimulatedHost host = new(new SimulatedHostOptions { Frames = 16_384, HasMultiGenLru = true, FreshBatch = 0 });
        List<SimulatedFolio> folios = [];
        for (int i = 0; i < 20; i++)
            folios.AddRange(host.MakeMemcg($"/slice{i % 5}/m{i}").Allocate((PageKind)(i % BinLayout.Kinds), 100 * 4096));
        MeteredFiles files = new(host.Files);
        using ColdPageTracker tracker = ColdPageTracker.Open(new ColdPageTrackerOptions { Roots = HostRoots.Of(files, "a simulated host"), TimeProvider = host.TimeProvider, Source = source, Passive = passive });
        for (int i = 0; i < 300; i++)
            Scan(i);
        long least = long.MaxValue;
        for (int i = 0; i < 20; i++)
            least = Math.Min(least, Scan(i));
        Assert.Equal(0, least);
        Assert.Equal(folios.Count * 4096L, tracker.TakeSnapshot()["/"].TrackedBytes());

        long Scan(int pass)
        {
            for (int i = pass % 3; i < folios.Count; i += 3)
                folios[i].Touch();
            host.Advance(TimeSpan.FromSeconds(1));
            long before = GC.GetAllocatedBytesForCurrentThread() - files.AllocatedBytes;
            tracker.Scan();
            return GC.GetAllocatedBytesForCurrentThread() - files.AllocatedBytes - before;
        }
    }

    private static void WriteHost(string root)
    {
        string cgroups = Path.Combine(root, "sys/fs/cgroup");
        Write(root, "proc/1/mountinfo", "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
        Write(cgroups, "cgroup.controllers", "memory\n");
        Write(root, "proc/vmstat", "pgscan_kswapd 7\n");
        for (int pid = 1; pid <= 20; pid++)
        {
            string name = $"group{pid % 5}";
            Write(cgroups, $"{name}/memory.current", "1\n");
            FakeProcess process = new(pid, $"/{name}", v2: true);
            process.Mappings.Add(new FakeMapping { Rss = 100 * 4096 });
            process.Mappings.Add(new FakeMapping { Rss = 200 * 4096, Anonymous = 0, Device = "08:01", Name = "/usr/lib/a b.so" });
            foreach (string file in (string[])["stat", "cgroup", "smaps", "clear_refs"])
                Write(root, string.Create(CultureInfo.InvariantCulture, $"proc/{pid}/{file}"), System.Text.Encoding.Latin1.GetString(process.File(file)!));
        }

        static void Write(string root, string path, string text)
        {
            string file = Path.Combine(root, path);
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllText(file, text);
        }
    }
}
