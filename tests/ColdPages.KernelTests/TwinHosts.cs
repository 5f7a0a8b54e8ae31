using System.Globalization;
using System.Runtime.InteropServices;
using ColdPages.Simulation;
using ColdPages.Tests;

namespace ColdPages.KernelTests;

/// <summary>
/// One script on two hosts: under this kernel, where tests/workloads/pages.c does it, and on a simulated host. After each step what the kernel files
/// of the two show is compared, by the page's number in the script: the frames are others.
/// </summary>
/// <remarks>
/// Left out of the flags: DIRTY, WRITEBACK and LOCKED, which come and go with writeback (and DIRTY of anonymous memory with the reclaim that the
/// simulator has none of); those that kernels show for their developers (RESERVED, PRIVATE, OWNER_2, ARCH, MAPPEDTODISK, SOFTDIRTY and so on); and
/// what a frame shows once it is given back, but for its mark: it is in a CPU's list then, in the buddy allocator, or somebody else's already.
/// </remarks>
internal sealed class TwinHosts : IDisposable
{
    private const PageFlags Compared = PageFlags.Referenced | PageFlags.UpToDate | PageFlags.Lru | PageFlags.Active | PageFlags.Slab | PageFlags.Buddy
        | PageFlags.Mapped | PageFlags.Anon | PageFlags.SwapCache | PageFlags.SwapBacked | PageFlags.CompoundHead | PageFlags.CompoundTail
        | PageFlags.Huge | PageFlags.Unevictable | PageFlags.NoPage | PageFlags.Ksm | PageFlags.Thp | PageFlags.Idle | PageFlags.PageTable
        | PageFlags.Mlocked;

    // What the scripted process needs for itself, and page cache of the file system's own.
    private const long NoisePages = 24;

    // The same in lru_gen, where its own pages move too, and more of them are page cache: its program.
    private const long OwnAnonPages = 128;
    private const long OwnFilePages = 288;

    // The kernel sums up only once there have been 64 changes for each CPU. A stir makes far more.
    private const long LagPages = 128;
    private const int StirPages = 128;
    private const string Parent = "/twins";
    private const string Child = "/twins/scripted";

    // Differences of memory.stat that are compared: the sum of those keys, in pages.
    private static readonly string[][] s_stats =
    [
        ["anon"], ["file"], ["shmem"], ["inactive_anon"], ["active_anon"], ["inactive_file"], ["active_file"], ["unevictable"], ["anon_thp"],
    ];

    private readonly Cgroup _parent = new(Parent, "+memory");
    private readonly Cgroup _child = new(Child);
    private readonly KernelPages _pages = new();
    private readonly ScriptedProcess _process;
    private readonly SimulatedHost _host;
    private readonly SimulatedMemcg _memcg;
    private readonly View _real;
    private readonly View _simulated;
    private readonly List<Region> _regions = [];
    private readonly Dictionary<(string Path, string Stat), (long Real, long Simulated)> _before = [];
    private readonly int _order;
    private readonly int _stirred;
    private Ext4Volume? _volume;
    private bool _isRemoved;

    /// <param name="order">Of what the kernel gives to a region of kind "thp".</param>
    public TwinHosts(int order = 9)
    {
        _order = order;
        _process = new ScriptedProcess(_child);
        _host = new SimulatedHost(Options(65_536));
        _memcg = _host.MakeMemcg(Child);
        Dictionary<ulong, string> real = new() { [0] = "nobody", [_parent.Inode] = Parent, [_child.Inode] = Child };
        Dictionary<ulong, string> simulated = new() { [0] = "nobody", [_memcg.Parent!.Inode] = Parent, [_memcg.Inode] = Child };
        _real = new View(_pages.Flags, _pages.IsIdle, frame => real.GetValueOrDefault(_pages.Owner(frame), "another"));
        _simulated = new View(
            frame => (PageFlags)_host.Flags((int)frame), IsIdleSimulated, frame => simulated.GetValueOrDefault(_host.Owner((int)frame), "another"));

        // All that the process does for the first time it has done before.
        _stirred = _process.Map("anon", StirPages);
        Stir();
        _process.Do("read", _stirred, 0);
        _process.Frames(_stirred, 0, StirPages);
        Stir();
        StartStats();
    }

    /// <summary>Faults since the twins or the file were made, on both hosts.</summary>
    public (long Real, long Simulated) Faults
    {
        get
        {
            (long real, long simulated) = Stat(Child, ["pgfault"]);
            (long realBefore, long simulatedBefore) = _before[(Child, "pgfault")];
            return (real - realBefore, simulated - simulatedBefore);
        }
    }

    /// <summary>How a simulated host is where it is to be like this one.</summary>
    public static SimulatedHostOptions Options(int frames)
    {
        string release = File.ReadAllText("/proc/sys/kernel/osrelease").Trim();
        Version version = new(string.Join('.', release.Split('.', '-').Take(2)));
        return new SimulatedHostOptions
        {
            Frames = frames,
            KernelRelease = release,
            FreshBatch = 31,
            AnonNeedsLock = version.Major >= 7,
            TailsHaveOwnFlags = version < new Version(6, 11),
            HasMultiGenLru = File.Exists("/sys/kernel/mm/lru_gen/enabled") && File.ReadAllText("/sys/kernel/mm/lru_gen/enabled").Trim() != "0x0000",
            HasNewLruGen = version.Major >= 7,
            ShowsKsmOnAnon = version >= new Version(6, 12) && version < new Version(6, 19),
        };
    }

    public int Map(string kind, int pages)
    {
        Region region = new(kind, pages);
        _regions.Add(region);
        if (kind == "file")
            _volume = Ext4Volume.Mount(40);
        region.Number = _process.Map(kind, pages, _volume is null ? "" : Path.Combine(_volume.MountPoint, "mapped"));
        if (kind != "file")
            return _regions.Count - 1;

        // The file was written, page by page.
        for (int i = 0; i < pages; i++)
        {
            SimulatedFolio folio = Fresh(region, i);
            folio.Set(FolioFlags.Referenced, on: false);
        }

        return _regions.Count - 1;
    }

    /// <summary>Writes to pages by their address.</summary>
    public void Touch(int region, int first, int count = 1) => Access("touch", region, first, count);

    /// <summary>Reads pages by their address.</summary>
    public void Read(int region, int first, int count = 1) => Access("read", region, first, count);

    /// <summary>A child reads them and ends.</summary>
    public void ChildRead(int region, int first, int count = 1) =>
        Do("childread", region, first, count, (_, folio) => _host.Memory.TouchUnseen(folio));

    /// <summary>read(2).</summary>
    public void ReadFile(int region, int first, int count = 1)
    {
        _process.Do("pread", _regions[region].Number, first, count);
        for (int i = first; i < first + count; i++)
        {
            if (_regions[region].IsGone[i])
                Fresh(_regions[region], i);
            else
                FolioOf(_regions[region], i).Read();
        }
    }

    /// <summary>write(2).</summary>
    public void WriteFile(int region, int first, int count = 1) => Do("pwrite", region, first, count, (_, folio) => _host.Memory.Write(folio));

    /// <summary>Out of the page cache, and read from the disk next time.</summary>
    public void Drop(int region, int first, int count = 1) => Do("drop", region, first, count, Give);

    /// <summary>MADV_DONTNEED.</summary>
    public void Free(int region, int first, int count = 1) => Do("free", region, first, count, (place, folio) =>
    {
        if (folio.Kind == PageKind.Anon)
            Give(place, folio);
        else
            _host.Memory.Unmap(folio);
    });

    /// <summary>MADV_FREE.</summary>
    public void LazyFree(int region, int first, int count = 1) => Do("lazyfree", region, first, count, (_, folio) => _host.Memory.LazyFree(folio));

    public void Lock(int region, int first, int count = 1) => Do("mlock", region, first, count, (_, folio) => _host.Memory.SetMlocked(folio, locked: true));

    public void Unlock(int region, int first, int count = 1) =>
        Do("munlock", region, first, count, (_, folio) => _host.Memory.SetMlocked(folio, locked: false));

    /// <summary>The kernel moves each page to another frame.</summary>
    public void Move(int region, int first, int count = 1)
    {
        Region moved = _regions[region];
        long[] old = moved.Real[first..(first + count)];
        Do("move", region, first, count, (place, folio) =>
        {
            folio.Set(FolioFlags.Referenced); // By whoever asks for the move: it looks the page up first.
            _host.Memory.Migrate(folio);
            moved.Simulated[place] = folio.Frame;
        });
        Find(moved);
        Assert.All(old.Zip(moved.Real[first..(first + count)]), frames => Assert.NotEqual(frames.First, frames.Second));
    }

    /// <summary>munmap of pages at the end of large folios.</summary>
    public void UnmapTails(int region, int first, int count)
    {
        _process.Do("unmap", _regions[region].Number, first, count);
        foreach (IGrouping<SimulatedFolio, int> tails in Enumerable.Range(first, count).GroupBy(i => FolioOf(_regions[region], i)))
            _host.Memory.UnmapTails(tails.Key, tails.Count());
    }

    /// <summary>Splits all huge pages into single pages.</summary>
    public void Split()
    {
        KernelText.Write("/sys/kernel/debug/split_huge_pages", "1");
        foreach (SimulatedFolio folio in _host.Folios.Where(folio => folio.Order > 0))
            _host.Memory.Split(folio);
        foreach (Region region in _regions)
        {
            for (int i = 0; i < region.Pages; i++)
                region.IsGone[i] |= region.Simulated[i] < 0 || _host.Memory.Frames.FolioAt(region.Simulated[i]) is null;
        }
    }

    /// <summary>The batches of all CPUs are put on the LRU lists.</summary>
    public void Drain()
    {
        _process.Drain();
        _host.Memory.DrainBatches();
    }

    /// <summary>Marks all pages idle.</summary>
    public void Mark() => Mark(static (_, _) => true);

    /// <summary>Marks the tails of large folios idle, which the kernel does not do.</summary>
    public void MarkTails() => Mark((_, i) => i % (1 << _order) != 0);

    /// <summary>Generations are made of the memory of the script's memcg.</summary>
    public void Age(int times = 1, int swappiness = 1)
    {
        for (int i = 0; i < times; i++)
        {
            KernelText.Write(LruGen.Name, AgeCommand(File.ReadAllText(LruGen.Name), _child.Inode, swappiness));
            Assert.Equal(Errno.None, _host.Command(AgeCommand(_host.Text(LruGen.Name), _memcg.Inode, swappiness)));
        }
    }

    /// <summary>Fails unless the generations have the same sizes on both hosts, as far as the process's own pages let them.</summary>
    public void CompareGenerations(string step) => CompareGenerations(
        step,
        _isRemoved ? RowsOf(File.ReadAllText(LruGen.Name), Parent, _parent.Inode) : RowsOf(File.ReadAllText(LruGen.Name), Child, _child.Inode),
        _isRemoved ? RowsOf(_host.Text(LruGen.Name), Parent, _memcg.Parent!.Inode) : RowsOf(_host.Text(LruGen.Name), Child, _memcg.Inode));

    /// <summary>As <see cref="CompareGenerations(string)"/>, of the memcg that was removed: where it stays listed with what it has, by the number 0. Others that were removed before have less.</summary>
    public void CompareRemovedGenerations(string step)
    {
        if (_host.Options.HasNewLruGen)
            return;
        CompareGenerations(step, Largest(File.ReadAllText(LruGen.Name)), Largest(_host.Text(LruGen.Name)));

        static List<GenerationRow> Largest(string text) =>
            GenerationRows.Parse(text, Child).Where(row => row.Id == 0).Chunk(GenerationLists.Max).MaxBy(rows => rows.Sum(row => row.File))!.ToList();
    }

    /// <summary>The process ends, and its cgroup is removed. For a moment after that its pages may still name it; the simulator has no such moment.</summary>
    public void Remove()
    {
        _isRemoved = true;
        long frame = _regions[0].Real[0];
        _process.Dispose();
        _child.Dispose();
        _memcg.Remove();
        for (int attempt = 0; attempt < 1000 && _real.Owner(frame) == Child; attempt++)
            Thread.Sleep(10);
    }

    /// <summary>
    /// Compares those of some pages that wait in a batch under this kernel, and still do when they have been looked at: whatever else comes on their
    /// CPU fills the batch too, and a full one is emptied. Gives which they were.
    /// </summary>
    public int[] CompareWaiting(string step, int region, int first, int count)
    {
        int[] waiting = [.. Enumerable.Range(first, count).Where(i => IsWaiting(region, i))];
        ComparePages(step, _regions[region], waiting, i => IsWaiting(region, i));
        return [.. waiting.Where(i => IsWaiting(region, i))];
    }

    /// <summary>Fails unless all that is compared is the same on both hosts.</summary>
    public void Compare(string step)
    {
        foreach (Region region in _regions)
            ComparePages(step, region, [.. Enumerable.Range(0, region.Pages)], static _ => true);
        CompareStats(step);
    }

    /// <summary>Fails unless these pages show the same on both hosts: flags, then bits (reading those moves flags), then flags and owners.</summary>
    public void ComparePages(string step, int region, params int[] pages) => ComparePages(step, _regions[region], pages, static _ => true);

    public void StartStats()
    {
        foreach (string path in (string[])[Parent, Child])
        {
            foreach (string[] keys in (string[][])[.. s_stats, ["pgfault"]])
                _before[(path, keys[0])] = Stat(path, keys);
        }
    }

    public void Dispose()
    {
        _pages.Dispose();
        if (!_isRemoved)
        {
            _process.Dispose();
            _child.Dispose();
        }

        _parent.Dispose();
        _volume?.Dispose();
    }

    private static string[] Describe(View view, long[] frames, bool[] gone)
    {
        PageFlags[] before = [.. frames.Select(frame => view.Flags(frame) & Compared)];
        bool[] idle = [.. frames.Select(view.IsIdle)];
        return
        [
            .. frames.Select((frame, i) => gone[i]
                ? $"given back, {(idle[i] ? 1 : 0)}, {before[i] & PageFlags.Idle}"
                : $"{before[i]}; {(idle[i] ? 1 : 0)}; {view.Flags(frame) & Compared}; {view.Owner(frame)}"),
        ];
    }

    // One that was removed may be listed under the same path: with the number 0, or later with that of its folder.
    private List<GenerationRow> RowsOf(string text, string path, ulong inode) =>
        [.. GenerationRows.Parse(text, path).Where(row => _host.Options.HasNewLruGen ? row.Id == inode : row.Id != 0)];

    private string AgeCommand(string text, ulong inode, int swappiness)
    {
        List<GenerationRow> rows = RowsOf(text, Child, inode);
        return $"+ {rows[0].Id} 0 {rows[^1].Generation} {swappiness} 1\n";
    }

    private static long StatOf(string[] lines, string[] keys) => keys.Sum(key =>
    {
        string line = Assert.Single(lines, line => line.StartsWith(key + " ", StringComparison.Ordinal));
        return long.Parse(line[(key.Length + 1)..], CultureInfo.InvariantCulture) / (key == "pgfault" ? 1 : 4096);
    });

    private bool IsWaiting(int region, int page) => !_pages.Flags(_regions[region].Real[page]).HasFlag(PageFlags.Lru);

    // A frame that was given back may be another program's by now, and on a list.
    private bool IsUsedAgain(Region region, int page) => region.IsGone[page] && _pages.Flags(region.Real[page]).HasFlag(PageFlags.Lru);

    private void ComparePages(string step, Region region, int[] pages, Func<int, bool> counts)
    {
        int[] known = [.. pages.Where(i => region.Real[i] >= 0 && region.Simulated[i] >= 0)];
        string[] real = Describe(_real, [.. known.Select(i => region.Real[i])], [.. known.Select(i => region.IsGone[i])]);
        string[] simulated = Describe(_simulated, [.. known.Select(i => (long)region.Simulated[i])], [.. known.Select(i => region.IsGone[i])]);
        string[] different =
        [
            .. known.Select((page, i) => (Page: page, Real: real[i], Simulated: simulated[i])).Where(page => page.Real != page.Simulated && counts(page.Page) && !IsUsedAgain(region, page.Page))
                .Select(page => $"page {page.Page}\n  kernel:    {page.Real}\n  simulator: {page.Simulated}"),
        ];
        Assert.True(
            different.Length == 0,
            $"{step}, {region.Kind}: {different.Length} of {known.Length} pages are not the same.\n{string.Join('\n', different.Take(6))}");
    }

    private void CompareStats(string step)
    {
        if (!_isRemoved)
            Stir();
        string path = _isRemoved ? Parent : Child;
        List<string> different = [];
        foreach (string[] keys in s_stats)
        {
            (long real, long simulated) = Stat(path, keys);
            (long realBefore, long simulatedBefore) = _before[(path, keys[0])];
            (real, simulated) = (real - realBefore, simulated - simulatedBefore);
            if (Math.Abs(real - simulated) > NoisePages + (_isRemoved ? LagPages : 0))
                different.Add($"{string.Join('+', keys)}: {real} pages, simulated {simulated}");
        }

        Assert.True(different.Count == 0, $"{step}, memory.stat: {string.Join("; ", different)}");
    }

    private static void CompareGenerations(string step, List<GenerationRow> real, List<GenerationRow> simulated)
    {
        bool same = real.Select(row => row.Generation).SequenceEqual(simulated.Select(row => row.Generation))
            && real.Zip(simulated).All(pair => Math.Abs(pair.First.Anon - pair.Second.Anon) <= OwnAnonPages && Math.Abs(pair.First.File - pair.Second.File) <= OwnFilePages);
        Assert.True(same, $"{step}: the generations are not the same.\n  kernel:    {Describe(real)}\n  simulator: {Describe(simulated)}");

        static string Describe(List<GenerationRow> rows) => string.Join("; ", rows.Select(row => $"{row.Generation}: {row.Anon} {row.File}"));
    }

    private (long Real, long Simulated) Stat(string path, string[] keys) =>
        (StatOf(File.ReadAllLines($"/sys/fs/cgroup{path}/memory.stat"), keys), StatOf(_host.Text($"/sys/fs/cgroup{path}/memory.stat").Split('\n'), keys));

    // So many changes that the kernel sums up when memory.stat is read; all is as before then.
    private void Stir()
    {
        _process.Do("touch", _stirred, 0, StirPages);
        _process.Do("free", _stirred, 0, StirPages);
        _process.Drain();
    }

    private void Mark(Func<Region, int, bool> which)
    {
        foreach (Region region in _regions)
        {
            int[] marked = [.. Enumerable.Range(0, region.Pages).Where(i => !region.IsGone[i] && region.Real[i] >= 0 && which(region, i))];
            _pages.MarkIdle(marked.Select(i => region.Real[i]));
            foreach (IGrouping<int, int> word in marked.Select(i => region.Simulated[i]).GroupBy(frame => frame / 64))
            {
                ulong bits = word.Aggregate(0UL, (bits, frame) => bits | (1UL << (frame % 64)));
                Assert.True(_host.Write(HostFiles.Bitmap, word.Key * 8L, MemoryMarshal.AsBytes([bits])).Ok);
            }
        }
    }

    private bool IsIdleSimulated(long frame)
    {
        ulong[] word = new ulong[1];
        _host.Read(HostFiles.Bitmap, frame / 64 * 8, MemoryMarshal.AsBytes(word.AsSpan()));
        return (word[0] >> (int)(frame % 64) & 1) == 1;
    }

    private void Access(string command, int region, int first, int count)
    {
        Region accessed = _regions[region];
        _process.Do(command, accessed.Number, first, count);
        for (int i = first; i < first + count; i++)
        {
            if (accessed.Simulated[i] < 0 || accessed.IsGone[i])
                Fresh(accessed, i);
            FolioOf(accessed, i).Touch();
        }

        Find(accessed);
    }

    private void Do(string command, int region, int first, int count, Action<int, SimulatedFolio> simulate)
    {
        Region changed = _regions[region];
        _process.Do(command, changed.Number, first, count);
        SimulatedFolio? last = null;
        for (int i = first; i < first + count; i++)
        {
            SimulatedFolio folio = FolioOf(changed, i);
            if (folio != last)
                simulate(i, folio);
            last = folio;
        }

        void MarkGone(int place) => changed.IsGone[place] = true;
        if (command is "drop" || (command is "free" && last!.Kind == PageKind.Anon))
            Enumerable.Range(first, count).ToList().ForEach(MarkGone);
    }

    private void Give(int place, SimulatedFolio folio) => folio.Free();

    private SimulatedFolio FolioOf(Region region, int place) => _host.Memory.Frames.FolioAt(region.Simulated[place])!;

    private SimulatedFolio Fresh(Region region, int place)
    {
        int order = region.Kind switch { "thp" => _order, "hugetlb" => 9, _ => 0 };
        PageKind kind = region.Kind switch { "shmem" => PageKind.Shmem, "file" => PageKind.File, _ => PageKind.Anon };
        SimulatedFolio folio = region.Kind == "hugetlb"
            ? _host.Memory.AllocateKernel(FolioUse.Hugetlb, _memcg, order)
            : _host.Memory.Allocate(_memcg, kind, order);
        int first = place >> order << order;
        for (int i = 0; i < folio.Pages; i++)
        {
            region.Simulated[first + i] = folio.Frame + i;
            region.IsGone[first + i] = false;
        }

        return folio;
    }

    // Where this kernel has each page; of one that it has taken away the frame that it was in last stays known.
    private void Find(Region region)
    {
        long[] frames = _process.Frames(region.Number, 0, region.Pages);
        for (int i = 0; i < region.Pages; i++)
        {
            if (frames[i] >= 0)
                region.Real[i] = frames[i];
        }
    }

    private sealed record View(Func<long, PageFlags> Flags, Func<long, bool> IsIdle, Func<long, string> Owner);

    private sealed class Region(string kind, int pages)
    {
        public string Kind => kind;

        public int Pages => pages;

        /// <summary>By which the process knows it.</summary>
        public int Number { get; set; }

        /// <summary>The frame of each page under this kernel; -1 where it never had one.</summary>
        public long[] Real { get; } = [.. Enumerable.Repeat(-1L, pages)];

        /// <summary>The frame of each page on the simulated host.</summary>
        public int[] Simulated { get; } = [.. Enumerable.Repeat(-1, pages)];

        public bool[] IsGone { get; } = new bool[pages];
    }
}
