using System.Globalization;
using System.Runtime.InteropServices;
using ColdPages.Simulation;

namespace ColdPages.Tests;

/// <summary>What must hold of a simulated host at any time, worked out anew from its frames and held against what its files say.</summary>
internal static class HostInvariants
{
    public static void Check(SimulatedHost host)
    {
        List<SimulatedFolio> folios = CheckFrames(host);
        CheckPageMaps(host, folios);
        CheckVmStat(host, folios);
        CheckStats(host, host.Root, folios);
        CheckGenerations(host, folios);
        CheckProcesses(host, folios);
        Assert.Equal(0, host.Files.OpenFiles);
    }

    /// <summary>The bits that a read of the bitmap must give now, whole words alone.</summary>
    public static ulong[] ExpectedBits(SimulatedHost host)
    {
        ulong[] bits = new ulong[host.Frames / 64];
        foreach (SimulatedFolio folio in host.Folios)
        {
            bool looksTouched = folio.Has(FolioFlags.Mapped | FolioFlags.Accessed) && !(folio.Kind != PageKind.Anon && folio.Has(FolioFlags.Locked));
            if (folio.Has(FolioFlags.Idle) && folio.Lru == LruState.OnList && !looksTouched && folio.Frame / 64 < bits.Length)
                bits[folio.Frame / 64] |= 1UL << (folio.Frame % 64);
        }

        return bits;
    }

    private static List<SimulatedFolio> CheckFrames(SimulatedHost host)
    {
        FrameTable frames = host.Memory.Frames;
        List<SimulatedFolio> folios = [];
        int free = 0;
        for (int frame = 0; frame < frames.MaxPfn; frame++)
        {
            SimulatedFolio? folio = frames.FolioAt(frame);
            FrameState state = frames.StateOf(frame);
            Assert.Equal(folio is not null, state == FrameState.Used);
            bool isFree = state is FrameState.Buddy or FrameState.CpuList or FrameState.NeverUsed;
            Assert.Equal(isFree, frames.IsFree(frame, 1));
            free += isFree ? 1 : 0;
            if (folio is null)
                continue;
            Assert.False(folio.IsFree);
            Assert.InRange(frame, folio.Frame, folio.Frame + folio.Pages - 1);
            if (frame != folio.Frame)
                continue;
            Assert.Equal(0, frame % folio.Pages);
            for (int tail = frame; tail < frame + folio.Pages; tail++)
                Assert.Same(folio, frames.FolioAt(tail));
            folios.Add(folio);
        }

        Assert.Equal(free, frames.FreeFrames);
        Assert.Equal(host.Folios, folios.Where(folio => folio.Use == FolioUse.User));
        return folios;
    }

    private static void CheckPageMaps(SimulatedHost host, List<SimulatedFolio> folios)
    {
        ulong[] flags = new ulong[host.Frames];
        ulong[] owners = new ulong[host.Frames];
        Assert.Equal(flags.Length * 8, host.Read("/proc/kpageflags", 0, MemoryMarshal.AsBytes(flags.AsSpan())).Count);
        Assert.Equal(owners.Length * 8, host.Read("/proc/kpagecgroup", 0, MemoryMarshal.AsBytes(owners.AsSpan())).Count);
        int pages = 0;
        foreach (SimulatedFolio folio in folios)
        {
            pages += folio.Pages;
            ulong head = flags[folio.Frame];
            Assert.Equal(folio.Order > 0, (head & PageFlagBits.CompoundHead) != 0);
            Assert.Equal(folio.Use == FolioUse.User && folio.Lru == LruState.OnList, (head & PageFlagBits.Lru) != 0);
            Assert.Equal(folio.Has(FolioFlags.Idle), (head & PageFlagBits.Idle) != 0);
            ulong tail = (head & ~PageFlagBits.CompoundHead) | PageFlagBits.CompoundTail;
            Assert.Equal(-1, flags.AsSpan(folio.Frame + 1, folio.Pages - 1).IndexOfAnyExcept(tail));
            Assert.Equal(-1, owners.AsSpan(folio.Frame, folio.Pages).IndexOfAnyExcept(ExpectedOwner(folio)));
        }

        Assert.Equal(pages, host.Frames - flags.Count(entry => entry is 0 or PageFlagBits.Buddy or PageFlagBits.NoPage));
    }

    private static ulong ExpectedOwner(SimulatedFolio folio)
    {
        if (folio.Use is FolioUse.Slab or FolioUse.Hugetlb)
            return 0;
        SimulatedMemcg? memcg = folio.Charged;
        while (memcg is { IsRemoved: true })
            memcg = memcg.Parent;
        return memcg?.Inode ?? 0;
    }

    private static void CheckVmStat(SimulatedHost host, List<SimulatedFolio> folios)
    {
        Dictionary<string, long> shown = Lines(host.Text("/proc/vmstat"));
        Assert.Equal(host.Memory.Frames.FreeFrames, shown["nr_free_pages"]);
        foreach ((string key, long pages) in Recount(folios))
        {
            if (shown.TryGetValue($"nr_{key}", out long told))
                Assert.Equal(pages, told);
        }
    }

    private static void CheckStats(SimulatedHost host, SimulatedMemcg memcg, List<SimulatedFolio> folios)
    {
        List<SimulatedFolio> own = [.. folios.Where(folio => folio.Charged?.IsWithin(memcg) == true)];
        string folder = $"/sys/fs/cgroup{(memcg.Parent is null ? "" : memcg.Path)}";
        Dictionary<string, long> shown = Lines(host.Text($"{folder}/memory.stat"));
        foreach ((string key, long pages) in Recount(own))
        {
            if (shown.TryGetValue(key, out long told))
                Assert.Equal((key, pages * host.PageSize), (key, told));
        }

        // "anon N0=4096 N1=0": what lies on all nodes is what there is.
        foreach (string[] fields in host.Text($"{folder}/memory.numa_stat").TrimEnd().Split('\n').Select(line => line.Split(' ')))
            Assert.Equal((fields[0], shown[fields[0]]), (fields[0], fields.Skip(1).Select((field, node) => long.Parse(field[$"N{node}=".Length..], CultureInfo.InvariantCulture)).Sum()));
        if (memcg.Parent is not null)
            Assert.Equal(own.Where(folio => folio.Use == FolioUse.Hugetlb).Sum(folio => folio.Bytes), long.Parse(host.Text($"{folder}/hugetlb.2MB.current"), CultureInfo.InvariantCulture));
        Assert.Equal(own.Where(folio => folio.Use != FolioUse.Hugetlb).Sum(folio => folio.Bytes), memcg.CurrentBytes);
        Assert.True(memcg.CurrentBytes >= memcg.Children.Sum(child => child.CurrentBytes));
        foreach (SimulatedMemcg child in memcg.Children)
            CheckStats(host, child, folios);
    }

    // Each folio that is on an evictable list is in one generation, on the node that its frame is on, and the rows of lru_gen add up to all of them.
    private static void CheckGenerations(SimulatedHost host, List<SimulatedFolio> folios)
    {
        bool isOn = host.Memory.LruGenFeatures.HasFlag(LruGenFeatures.Core);
        Dictionary<GenerationLists, long> pages = [];
        foreach (SimulatedFolio folio in folios)
        {
            bool isListed = isOn && folio.Use == FolioUse.User && folio.Lru is LruState.OnList or LruState.InMoveBatch && !folio.Has(FolioFlags.Mlocked);
            Assert.Equal(isListed, folio.Generations is not null);
            if (folio.Generations is not { } lists)
                continue;
            Assert.Same(folio, lists.Folios[folio.PlaceInGenerations]);
            Assert.False(folio.Has(FolioFlags.Active));
            Assert.InRange(folio.Generation, 0, GenerationLists.Max - 1);
            pages[lists] = pages.GetValueOrDefault(lists) + folio.Pages;
        }

        Assert.All(pages, list => Assert.Equal(list.Value, list.Key.Total));
        if (!host.Options.HasMultiGenLru)
            return;
        List<GenerationRow> rows = GenerationRows.Parse(host.Text(LruGen.Name), null);
        Assert.Equal(pages.Values.Sum(), rows.Sum(row => row.Anon + row.File));
    }

    private static void CheckProcesses(SimulatedHost host, List<SimulatedFolio> folios)
    {
        foreach (SimulatedProcess process in host.Processes.All)
        {
            foreach (PageKind kind in Enum.GetValues<PageKind>())
            {
                long mapped = folios.Where(folio => folio.Kind == kind && Maps(folio)).Sum(folio => folio.Pages - folio.UnmappedTails);
                Assert.Equal((process.Pid, kind, mapped), (process.Pid, kind, process.Mapped(kind)));
            }

            bool Maps(SimulatedFolio folio) =>
                folio.Use == FolioUse.User && (folio.MappedBy & process.Bit) != 0 && host.Processes.Of(folio, process.Bit) == process;
        }
    }

    /// <summary>The counters that folios make, in pages, by their keys in memory.stat or, without the prefix, in vmstat.</summary>
    private static Dictionary<string, long> Recount(List<SimulatedFolio> folios)
    {
        Dictionary<string, long> counts = [];
        string[] keys =
        [
            "anon", "file", "shmem", "file_mapped", "file_dirty", "file_writeback", "swapcached", "inactive_anon", "active_anon", "inactive_file", "active_file", "unevictable",
            "anon_thp", "file_thp", "shmem_thp", "kernel", "slab", "pagetables", "isolated_anon", "isolated_file", "mlock", "anon_pages", "file_pages", "mapped",
        ];
        foreach (string key in keys)
            counts[key] = 0;
        foreach (SimulatedFolio folio in folios)
            Recount(folio, counts);
        counts["anon_pages"] = counts["anon"];
        counts["file_pages"] = counts["file"] + counts["swapcached"];
        counts["mapped"] = counts["file_mapped"];
        return counts;
    }

    private static void Recount(SimulatedFolio folio, Dictionary<string, long> counts)
    {
        int mapped = folio.Has(FolioFlags.Mapped) ? folio.Pages - folio.UnmappedTails : 0;
        string kind = folio.Kind.ToString().ToLowerInvariant();
        if (folio.Use != FolioUse.User)
        {
            counts["kernel"] += folio.Use == FolioUse.Hugetlb ? 0 : folio.Pages;
            counts["slab"] += folio.Use == FolioUse.Slab ? folio.Pages : 0;
            counts["pagetables"] += folio.Use == FolioUse.PageTable ? folio.Pages : 0;
            return;
        }

        counts["anon"] += folio.Kind == PageKind.Anon ? mapped : 0;
        counts["file_mapped"] += folio.Kind == PageKind.Anon ? 0 : mapped;
        counts["file"] += folio.Kind != PageKind.Anon ? folio.Pages : 0;
        counts["shmem"] += folio.Kind == PageKind.Shmem ? folio.Pages : 0;
        counts["file_dirty"] += folio.Kind == PageKind.File && folio.Has(FolioFlags.Dirty) ? folio.Pages : 0;
        counts["file_writeback"] += folio.Kind == PageKind.File && folio.Has(FolioFlags.Writeback) ? folio.Pages : 0;
        counts["swapcached"] += folio.Has(FolioFlags.SwapCache) ? folio.Pages : 0;
        counts["mlock"] += folio.Has(FolioFlags.Mlocked) ? folio.Pages : 0;
        bool whole = folio.Kind != PageKind.Anon || mapped == folio.Pages;
        counts[$"{kind}_thp"] += folio.Order == 9 && whole ? folio.Pages : 0;
        string backing = folio.Has(FolioFlags.SwapBacked) ? "anon" : "file";
        if (folio.Lru == LruState.Isolated)
            counts[$"isolated_{backing}"] += folio.Pages;
        else if (folio.Lru != LruState.InAddBatch)
            counts[folio.Has(FolioFlags.Mlocked) ? "unevictable" : $"{(folio.IsActive ? "active" : "inactive")}_{backing}"] += folio.Pages;
    }

    private static Dictionary<string, long> Lines(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries)
        .ToDictionary(line => line[..line.IndexOf(' ', StringComparison.Ordinal)], line => long.Parse(line[line.IndexOf(' ', StringComparison.Ordinal)..], CultureInfo.InvariantCulture));
}
