using ColdPages.Simulation;

namespace ColdPages.Tests;

/// <summary>What a tracker tells of the state of memory where it was asked to.</summary>
[Collection(Alone.Name)]
public sealed class SnapshotDetailTests
{
    private const long MiB = 1 << 20;

    private readonly SimulatedHost _host = new(new SimulatedHostOptions { Frames = 16_384, Nodes = 2 });

    [Fact]
    public void Without_being_asked_nothing_is_told_and_nothing_asked()
    {
        _host.MakeMemcg("/a").Allocate(PageKind.Anon, 4 * MiB);
        using ColdPageTracker tracker = Open(detail: false);
        long before = _host.Files.EntriesRead(HostFile.PageFlags);
        ColdPageSnapshot snapshot = tracker.TakeSnapshot();
        Assert.Equal(0, _host.Files.EntriesRead(HostFile.PageFlags) - before);
        Assert.Null(snapshot["/a"].Detail());
        Assert.Null(snapshot["/a"].IdleDetail());
    }

    [Fact]
    public void Every_idle_folio_is_asked_about_once_and_that_is_told_as_cost()
    {
        SimulatedMemcg memcg = _host.MakeMemcg("/a");
        memcg.Allocate(PageKind.Anon, 8 * MiB, order: 9);
        memcg.Allocate(PageKind.File, 1 * MiB);
        using ColdPageTracker tracker = Open();
        long before = _host.Files.EntriesRead(HostFile.PageFlags);
        ColdPageSnapshot snapshot = tracker.TakeSnapshot();
        long asked = _host.Files.EntriesRead(HostFile.PageFlags) - before;
        Assert.Equal(4 + 256, asked);
        Assert.Equal(_host.Files.EntriesRead(HostFile.PageFlags), snapshot.Cost.EntriesRead["/proc/kpageflags"]);
        IdleDetailBin oldest = snapshot["/a"].IdleDetail()![^1];
        Assert.Equal((1 * MiB, 0L), (oldest.FileCleanBytes, oldest.UnknownBytes));
        Assert.Equal(9 * MiB, oldest.Nodes.Sum(node => node.Bytes));
    }

    [Fact]
    public void A_scan_allocates_nothing_and_asks_nothing_more_where_snapshots_are_to_tell_it()
    {
        SimulatedFolio[] folios = _host.MakeMemcg("/a").Allocate(PageKind.File, 8 * MiB);
        using ColdPageTracker tracker = Open();
        tracker.TakeSnapshot();
        for (int i = 0; i < 300; i++)
            Scan(i);
        long asked = _host.Files.EntriesRead(HostFile.PageFlags);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 20; i++)
            Scan(i);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        // What changes, and one word in 512.
        Assert.InRange(_host.Files.EntriesRead(HostFile.PageFlags) - asked, 1, 20 * folios.Length);
        Assert.NotNull(tracker.TakeSnapshot()["/a"].IdleDetail());

        void Scan(int pass)
        {
            for (int i = pass % 4; i < folios.Length; i += 4)
                folios[i].Touch();
            _host.Advance(TimeSpan.FromSeconds(1));
            tracker.Scan();
        }
    }

    [Fact]
    public void States_and_nodes_are_told_of_each_memcg_and_summed_over_subtrees()
    {
        SimulatedMemcg outer = _host.MakeMemcg("/outer");
        SimulatedMemcg inner = _host.MakeMemcg("/outer/inner");
        SimulatedFolio[] file = inner.Allocate(PageKind.File, 4 * MiB);
        foreach (SimulatedFolio folio in file.Take(256))
            _host.Memory.SetDirty(folio, dirty: true);
        foreach (SimulatedFolio folio in file.Skip(256).Take(128))
            _host.Memory.SetWriteback(folio, writeback: true);
        SimulatedFolio[] locked = outer.Allocate(PageKind.Anon, 2 * MiB);
        foreach (SimulatedFolio folio in locked)
            _host.Memory.SetMlocked(folio, locked: true);
        SimulatedFolio far = _host.Memory.Allocate(outer, PageKind.Shmem, order: 9, frame: 12_288);
        _host.Memory.AllocateKernel(FolioUse.PageTable, inner);
        _host.Memory.AllocateKernel(FolioUse.Hugetlb, inner, order: 9);

        using ColdPageTracker tracker = Open();
        ColdPageSnapshot snapshot = tracker.TakeSnapshot();

        MemcgDetail own = snapshot["/outer"].Detail(MemcgScope.Local)!;
        MemcgDetail all = snapshot["/outer"].Detail()!;
        Assert.Equal((0L, 0L, 2 * MiB, 0L), (own.FileBytes, own.FileDirtyBytes, own.UnevictableBytes, own.KernelBytes));
        Assert.Equal((4 * MiB, 1 * MiB, MiB / 2, 5 * MiB / 2), (all.FileBytes, all.FileDirtyBytes, all.FileWritebackBytes, all.FileCleanBytes));
        Assert.Equal((2 * MiB, far.Bytes, 4096L, 2 * MiB), (all.UnevictableBytes, all.FileMappedBytes, all.PageTablesBytes, all.HugetlbBytes));
        Assert.Equal(
            [
                new NodeDetail { Node = 0, AnonBytes = 2 * MiB, FileBytes = 4 * MiB, ShmemBytes = 0, UnevictableBytes = 2 * MiB },
                new NodeDetail { Node = 1, AnonBytes = 0, FileBytes = 0, ShmemBytes = 2 * MiB, UnevictableBytes = 0 },
            ],
            all.Nodes);

        IdleDetailBin idle = snapshot["/outer"].IdleDetail()!.OlderThan(snapshot.Interval);
        Assert.Equal((5 * MiB / 2, 1 * MiB, MiB / 2), (idle.FileCleanBytes, idle.FileDirtyBytes, idle.FileWritebackBytes));
        Assert.Equal((2 * MiB, 2 * MiB, 2 * MiB), (idle.FileMappedBytes, idle.UnevictableBytes, idle.MlockedBytes));
        Assert.Equal([new NodeBytes(0, 6 * MiB), new NodeBytes(1, 2 * MiB)], idle.Nodes);
        Assert.Equal(0, snapshot["/outer"].IdleDetail(MemcgScope.Local)!.OlderThan(TimeSpan.Zero).FileDirtyBytes);
    }

    [Fact]
    public void A_memcg_that_holds_nothing_but_kernel_memory_or_hugetlb_is_told_too()
    {
        _host.Memory.AllocateKernel(FolioUse.Slab, _host.MakeMemcg("/a/kernel"));
        _host.Memory.AllocateKernel(FolioUse.Hugetlb, _host.MakeMemcg("/a/huge"), order: 9);
        _host.MakeMemcg("/a/nothing");
        using ColdPageTracker without = Open(detail: false);
        Assert.Empty(without.TakeSnapshot()["/"].Subtree().Skip(1));
        using ColdPageTracker with = Open();
        ColdPageSnapshot snapshot = with.TakeSnapshot();
        Assert.Equal(["/", "/a", "/a/huge", "/a/kernel"], snapshot.Memcgs.Select(memcg => memcg.Path));
        Assert.Equal((0L, 4096L), (snapshot["/a"].TrackedBytes(), snapshot["/a"].Detail()!.KernelBytes));
        Assert.Equal(2 * MiB, snapshot["/a/huge"].Detail()!.HugetlbBytes);
    }

    [Fact]
    public void What_was_touched_freed_or_used_again_since_the_pass_is_in_no_state_that_is_known()
    {
        SimulatedMemcg memcg = _host.MakeMemcg("/a");
        SimulatedFolio[] file = memcg.Allocate(PageKind.File, 4 * MiB);
        using ColdPageTracker tracker = Open();
        file[0].Free();
        file[1].Read();
        int frame = file[2].Frame;
        file[2].Free();
        _host.Memory.SetDirty(_host.Memory.Allocate(memcg, PageKind.File, frame: frame), dirty: true);
        _host.Memory.Isolate(file[3]);

        IdleDetailBin idle = tracker.TakeSnapshot()["/a"].IdleDetail()![^1];

        Assert.Equal((3 * 4096L, 0L, (4 * MiB) - (3 * 4096)), (idle.UnknownBytes, idle.FileDirtyBytes, idle.FileCleanBytes));
        Assert.Equal(4 * MiB, idle.Nodes[0].Bytes);
    }

    [Fact]
    public void Where_the_kernel_gives_no_answer_that_is_said()
    {
        _host.MakeMemcg("/a").Allocate(PageKind.File, 4 * MiB);
        using ColdPageTracker tracker = Open();
        _host.Files.Fault = (operation, path, _, _) => path == "/proc/kpageflags" && operation == FileOperation.Read ? IoResult.Failed(Errno.EIO) : null;
        ColdPageSnapshot unread = tracker.TakeSnapshot();
        Assert.Equal((4 * MiB, 0L), (unread["/a"].IdleDetail()![^1].UnknownBytes, unread["/a"].IdleDetail()![^1].FileCleanBytes));
        Assert.Contains(unread.Confidence.Doubts, doubt => doubt.Contains("1024 idle pages", StringComparison.Ordinal) && doubt.Contains("EIO", StringComparison.Ordinal));

        _host.Files.Fault = (operation, path, _, _) => path == "/proc/kpageflags" && operation == FileOperation.Open ? IoResult.Failed(Errno.EMFILE) : null;
        ColdPageSnapshot unopened = tracker.TakeSnapshot();
        Assert.Null(unopened["/a"].IdleDetail());
        Assert.Equal(4 * MiB, unopened["/a"].Detail()!.FileBytes);
        Assert.Contains(unopened.Confidence.Doubts, doubt => doubt.Contains("EMFILE", StringComparison.Ordinal));
        Assert.DoesNotContain(unopened.Confidence.Doubts, doubt => doubt.Contains("1024 idle pages", StringComparison.Ordinal));
        Assert.True(unopened.Confidence.IsActionable);
    }

    [Theory]
    [InlineData(false, "kpagecount could not be opened")]
    [InlineData(true, "1024 idle pages /proc/kpagecount did not say")]
    public void Where_the_kernel_does_not_tell_how_often_pages_are_mapped_that_is_said(bool opens, string said)
    {
        Array.ForEach(_host.MakeMemcg("/a").Allocate(PageKind.Anon, 4 * MiB), page => page.Touch());
        using ColdPageTracker tracker = Open();
        _host.Files.Fault = (operation, path, _, _) => path == "/proc/kpagecount" && operation == (opens ? FileOperation.Read : FileOperation.Open) ? IoResult.Failed(Errno.EIO) : null;
        ColdPageSnapshot snapshot = tracker.TakeSnapshot();
        Assert.Equal(opens ? 0 : null, snapshot["/a"].IdleDetail()?[^1].SharedBytes);
        Assert.Contains(snapshot.Confidence.Doubts, doubt => doubt.Contains(said, StringComparison.Ordinal));
    }

    [Fact]
    public void What_too_few_passes_found_idle_has_no_detail()
    {
        _host.MakeMemcg("/a").Allocate(PageKind.File, 4 * MiB);
        using ColdPageTracker tracker = ColdPageTracker.Open(Options with { ConfirmScans = 2 });
        tracker.Scan();
        tracker.Scan();
        Assert.Equal((0L, 4 * MiB), (tracker.TakeSnapshot()["/a"].Idle()[1].LowerBytes, tracker.TakeSnapshot()["/a"].Idle()[1].ExcessBytes));
        Assert.Equal(0, tracker.TakeSnapshot()["/a"].IdleDetail()![0].FileCleanBytes);
        tracker.Scan();
        Assert.Equal((0, 4 * MiB), (tracker.TakeSnapshot()["/a"].IdleDetail()![0].FileCleanBytes, tracker.TakeSnapshot()["/a"].IdleDetail()![1].FileCleanBytes));
    }

    [Fact]
    public void Asking_about_idle_memory_can_be_cancelled_and_asked_for_again()
    {
        _host.MakeMemcg("/a").Allocate(PageKind.File, 4 * MiB);
        using ColdPageTracker tracker = Open();
        using CancellationTokenSource cancel = new();
        _host.Files.BeforeRead = (path, _) =>
        {
            if (path == "/proc/zoneinfo")
                cancel.Cancel();
        };
        Assert.Throws<OperationCanceledException>(() => tracker.TakeSnapshot(cancel.Token));
        Assert.Equal(0, _host.Files.OpenFiles);
        Assert.Equal(4 * MiB, tracker.TakeSnapshot()["/a"].IdleDetail()![^1].FileCleanBytes);
    }

    [Fact]
    public void Other_sources_tell_the_kernels_counts_alone()
    {
        using ClockedHost host = ClockedHost.WithOneProcess(out _);
        host.Host.Write("/sys/fs/cgroup/a/memory.stat", "kernel 7\n");
        using ColdPageTracker tracker = host.Open(options => options with { Detail = true });
        tracker.Scan();
        ColdPageSnapshot snapshot = tracker.TakeSnapshot();
        Assert.Equal((7L, null), (snapshot["/a"].Detail()!.KernelBytes, snapshot["/a"].Detail()!.HugetlbBytes));
        Assert.Null(snapshot["/a"].IdleDetail());
    }

    private ColdPageTrackerOptions Options => new()
    {
        Roots = _host.Roots,
        TimeProvider = _host.TimeProvider,
        Source = ColdPageSource.IdleBitmap,
        Interval = TimeSpan.FromSeconds(2),
        Detail = true,
    };

    private ColdPageTracker Open(bool detail = true)
    {
        ColdPageTracker tracker = ColdPageTracker.Open(Options with { Detail = detail });
        for (int pass = 0; pass < 3; pass++)
        {
            _host.Advance(TimeSpan.FromSeconds(2));
            tracker.Scan();
        }

        return tracker;
    }
}
