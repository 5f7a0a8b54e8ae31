using System.Globalization;

namespace ColdPages.KernelTests;

/// <summary>What memory is made of, as a snapshot tells it where it was asked to, against a program that knows.</summary>
public sealed class DetailTests : IClassFixture<QuietAccessedBits>
{
    private const int PagesPerMiB = 256;
    private const long MiB = 1L << 20;

    [Fact]
    public async Task Clean_dirty_mapped_and_mlocked_memory_are_told_apart()
    {
        Guest.Require();
        using KernelSetting noWriteback = new("/proc/sys/vm/dirty_writeback_centisecs", "0");
        using Ext4Volume volume = Ext4Volume.Mount(200);
        using Cgroup cgroup = new("/detail");
        using ScriptedProcess process = new(cgroup);
        int file = process.Map("file", 64 * PagesPerMiB, Path.Combine(volume.MountPoint, "held"));
        process.Do("pwrite", file, 0, 16 * PagesPerMiB);
        process.Do("read", file, 8 * PagesPerMiB, 24 * PagesPerMiB);
        int anon = process.Map("anon", 32 * PagesPerMiB);
        process.Do("touch", anon, 0, 32 * PagesPerMiB);
        process.Do("mlock", anon, 0, 12 * PagesPerMiB);
        process.Drain();
        using ColdPageTracker tracker = Open();

        ColdPageSnapshot snapshot = await Truth.ScanAsync(tracker, 3);

        AgeHistogram ages = snapshot[cgroup.Path].Idle();
        Truth.AssertNear(64, ages[^1].FileBytes, "page cache that is idle");
        IdleDetailBin idle = snapshot[cgroup.Path].IdleDetail()![^1];
        Tell($"idle: {Describe(idle)}");
        Truth.AssertNear(48, idle.FileCleanBytes, "clean and idle");
        Truth.AssertNear(16, idle.FileDirtyBytes, "dirty and idle");
        Truth.AssertNear(24, idle.FileMappedBytes, "mapped and idle");
        Truth.AssertNear(12, idle.MlockedBytes, "mlocked and idle");
        Truth.AssertNear(12, idle.UnevictableBytes, "unevictable and idle");
        Assert.Equal(ages[^1].FileBytes, idle.FileCleanBytes + idle.FileDirtyBytes + idle.FileWritebackBytes);
        Assert.Equal(ages[^1].LowerBytes, idle.Nodes.Sum(node => node.Bytes));
        Assert.Equal((0L, 0L), (idle.FileWritebackBytes, idle.UnknownBytes));

        MemcgDetail detail = snapshot[cgroup.Path].Detail(MemcgScope.Local)!;
        Tell($"all: {Describe(detail)}");
        Truth.AssertNear(64, detail.FileBytes!.Value, "page cache");
        Truth.AssertNear(48, detail.FileCleanBytes!.Value, "clean");
        Truth.AssertNear(16, detail.FileDirtyBytes!.Value, "dirty");
        Truth.AssertNear(24, detail.FileMappedBytes!.Value, "mapped");
        Truth.AssertNear(12, detail.UnevictableBytes!.Value, "unevictable");
        Assert.InRange(detail.KernelBytes!.Value, detail.PageTablesBytes!.Value + detail.SlabUnreclaimableBytes!.Value, 16 * MiB);
        Assert.InRange(detail.SlabUnreclaimableBytes!.Value, 1, 16 * MiB);
        Assert.InRange(detail.PageTablesBytes!.Value, 32 * MiB / 512, 2 * MiB);
        Assert.Equal((0L, 0L), (detail.SocketBytes, detail.FileWritebackBytes));
        Assert.NotNull(detail.KernelStackBytes); // That of this process was charged to who forked it.
        Assert.True(snapshot["/"].Detail()!.FileBytes >= detail.FileBytes);

        // What is given up and written back since the pass is told so by the next snapshot, without another pass.
        process.Do("free", anon, 12 * PagesPerMiB, 20 * PagesPerMiB);
        Command.Output("sync");
        IdleDetailBin after = tracker.TakeSnapshot(TestContext.Current.CancellationToken)[cgroup.Path].IdleDetail()![^1];
        Tell($"idle, after a sync: {Describe(after)}");
        Truth.AssertNear(0, after.FileDirtyBytes, "dirty after a sync");
        Truth.AssertNear(64, after.FileCleanBytes, "clean after a sync");
        Truth.AssertNear(20, after.UnknownBytes, "given up since the pass");
        Truth.AssertNear(12, after.MlockedBytes, "mlocked still");
    }

    [Fact]
    public async Task Hugetlb_has_no_age_and_is_told_where_the_kernel_does()
    {
        Guest.Require();
        using KernelSetting pool = new("/proc/sys/vm/nr_hugepages", "20");
        bool hasController = File.ReadAllText("/sys/fs/cgroup/cgroup.controllers").Contains("hugetlb", StringComparison.Ordinal);
        if (hasController)
            KernelText.Write("/sys/fs/cgroup/cgroup.subtree_control", "+hugetlb");
        else
            Command.Output("mount", "-o", "remount,memory_hugetlb_accounting", "/sys/fs/cgroup");
        try
        {
            using Cgroup cgroup = new("/detail");
            using ScriptedProcess process = new(cgroup);
            int region = process.Map("hugetlb", 24 * PagesPerMiB);
            process.Do("touch", region, 0, 24 * PagesPerMiB);
            int anon = process.Map("anon", 16 * PagesPerMiB);
            process.Do("touch", anon, 0, 16 * PagesPerMiB);
            process.Drain();
            using ColdPageTracker tracker = Open();

            ColdPageSnapshot snapshot = await Truth.ScanAsync(tracker, 3);

            Truth.AssertBins(snapshot[cgroup.Path].Idle(), 0, 0, 16);
            MemcgDetail detail = snapshot[cgroup.Path].Detail()!;
            Tell($"hugetlb: {detail.HugetlbBytes?.ToString(CultureInfo.InvariantCulture) ?? "not told"}, reserved {detail.HugetlbReservedBytes?.ToString(CultureInfo.InvariantCulture) ?? "not told"}");
            bool isTold = hasController || File.ReadLines(Path.Combine(cgroup.Folder, "memory.stat")).Any(line => line.StartsWith("hugetlb ", StringComparison.Ordinal));
            Assert.Equal(isTold ? 24 * MiB : null, detail.HugetlbBytes);
            Assert.Equal(hasController, detail.HugetlbReservedBytes >= 24 * MiB);
        }
        finally
        {
            // With the target alone mount(8) would keep the options that are there.
            if (!hasController)
                Command.Output("mount", "-t", "cgroup2", "-o", "remount,rw,relatime", "none", "/sys/fs/cgroup");
        }
    }

    // Which node frames are on is told by their zones, what a memcg has on a node by the kernel's counts: both have to say the same. In a guest of one node that is little.
    [Fact]
    public async Task Idle_memory_lies_on_the_nodes_that_the_kernel_counts_it_on_and_a_folio_costs_one_question()
    {
        Guest.Require();
        using Cgroup cgroup = new("/detail");
        List<ScriptedProcess> processes = [];
        try
        {
            for (int cpu = 0; cpu < Environment.ProcessorCount; cpu++)
            {
                processes.Add(new ScriptedProcess(cgroup));
                string kind = cpu % 2 == 0 ? "thp" : "anon";
                int region = processes[^1].Map(kind, 64 * PagesPerMiB);
                string pid = File.ReadLines(Path.Combine(cgroup.Folder, "cgroup.procs")).Last();
                Command.Output("taskset", "-cp", cpu.ToString(CultureInfo.InvariantCulture), pid);
                processes[^1].Do("touch", region, 0, (64 - (16 * cpu)) * PagesPerMiB);
                processes[^1].Drain();
            }

            using ColdPageTracker tracker = Open();
            ColdPageSnapshot snapshot = await Truth.ScanAsync(tracker, 3);
            IReadOnlyList<NodeBytes> idle = snapshot[cgroup.Path].IdleDetail()![^1].Nodes;
            IReadOnlyList<NodeDetail> all = snapshot[cgroup.Path].Detail()!.Nodes;
            Tell($"by zones: {string.Join(", ", idle)}; by the kernel's counts: {string.Join(", ", all)}");
            string[] nodes = [.. Directory.GetDirectories("/sys/devices/system/node", "node*").Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];
            Assert.Equal(nodes, idle.Select(node => $"node{node.Node}"));
            Assert.Equal(nodes, all.Select(node => $"node{node.Node}"));
            foreach ((NodeBytes byZones, NodeDetail counted) in idle.Zip(all))
                Truth.AssertNear(counted.AnonBytes!.Value / MiB, byZones.Bytes, $"idle memory on node {byZones.Node}");
            Assert.All(idle, node => Assert.InRange(node.Bytes, 40 * MiB, long.MaxValue));

            // One more snapshot, with no pass between: a question a folio, and some for gaps between them.
            const int PagesInHugePages = 64 * PagesPerMiB;
            long before = snapshot.Cost.EntriesRead["/proc/kpageflags"];
            ColdPageSnapshot again = tracker.TakeSnapshot(TestContext.Current.CancellationToken);
            long asked = again.Cost.EntriesRead["/proc/kpageflags"] - before;
            long tracked = (again["/"].Idle().BytesOlderThan(TimeSpan.FromTicks(1)).AtLeast + again.Unattributed.TotalBytes) / again.Host.PageSize;
            Tell($"{asked} entries for {tracked} idle pages, of which {PagesInHugePages} in huge pages");
            Assert.InRange(asked, tracked - PagesInHugePages, (tracked - PagesInHugePages) * 1.2);
        }
        finally
        {
            processes.ForEach(process => process.Dispose());
        }
    }

    private static ColdPageTracker Open() =>
        ColdPageTracker.Open(new ColdPageTrackerOptions { Source = ColdPageSource.IdleBitmap, Interval = Truth.Interval, Detail = true });

    private static string Describe(IdleDetailBin bin) => string.Create(
        CultureInfo.InvariantCulture,
        $"clean {bin.FileCleanBytes / (double)MiB:F2}, dirty {bin.FileDirtyBytes / (double)MiB:F2}, mapped {bin.FileMappedBytes / (double)MiB:F2}, unevictable {bin.UnevictableBytes / (double)MiB:F2}, mlocked {bin.MlockedBytes / (double)MiB:F2}, unknown {bin.UnknownBytes / (double)MiB:F2} MiB");

    private static string Describe(MemcgDetail detail) => string.Create(
        CultureInfo.InvariantCulture,
        $"file {detail.FileBytes / (double)MiB:F2}, dirty {detail.FileDirtyBytes / (double)MiB:F2}, mapped {detail.FileMappedBytes / (double)MiB:F2}, unevictable {detail.UnevictableBytes / (double)MiB:F2} MiB; kernel {detail.KernelBytes}, slab {detail.SlabReclaimableBytes} + {detail.SlabUnreclaimableBytes}, stacks {detail.KernelStackBytes}, page tables {detail.PageTablesBytes}, percpu {detail.PercpuBytes}, vmalloc {detail.VmallocBytes} bytes");

    private static void Tell(string text) => TestContext.Current.TestOutputHelper?.WriteLine(text);
}
