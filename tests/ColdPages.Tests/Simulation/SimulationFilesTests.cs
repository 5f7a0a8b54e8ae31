using System.Text;
using ColdPages.Simulation;

namespace ColdPages.Tests;

/// <summary>The seam of a simulated host: what is there, what can be made to fail, what is counted, and what a read costs.</summary>
public sealed class SimulationFilesTests
{
    private readonly SimulatedHost _host = new(new SimulatedHostOptions { Frames = 4096, Cpus = 4 });

    [Fact]
    public void It_says_that_it_is_simulated()
    {
        Assert.True(_host.Files.IsSimulated);
        Assert.Same(_host.Files, _host.Roots.Files);
        Assert.Equal("a simulated host", _host.Roots.ToString());
        Assert.Equal(default, _host.Files.ThreadCpu);
    }

    [Fact]
    public void The_small_files_read_as_they_should()
    {
        Assert.Equal("6.12.95\n", _host.Text("/proc/sys/kernel/osrelease"));
        Assert.Equal("0-3\n", _host.Text("/sys/devices/system/cpu/online"));
        Assert.Equal("0\n", new SimulatedHost(new SimulatedHostOptions { Cpus = 1 }).Text("/sys/devices/system/cpu/online"));
        _host.Root.Allocate(PageKind.Anon, 4 << 20, order: 9);
        MemInfo info = MemInfo.Read(_host.Files);
        Assert.Equal(new MemInfo(16 << 20, 12 << 20, 1 << 30, 1 << 30, 4 << 20), info);
        Assert.Equal(0, VmStat.Read(_host.Files)?.PagesScanned);
        Assert.False(LruGen.IsEnabled(_host.Files));
    }

    [Theory]
    [InlineData("/nowhere", 2)]
    [InlineData("/sys/kernel/mm/lru_gen/enabled", 2)]
    [InlineData("/sys/fs/cgroup/memory.current", 2)]
    [InlineData("/sys/fs/cgroup/a", 2)]
    [InlineData("/sys/fs/cgroup", 21)]
    [InlineData("", 2)]
    public void What_is_not_there_cannot_be_opened(string path, int errno) =>
        Assert.Equal((Errno)errno, KernelFile.Open(_host.Files, Encoding.UTF8.GetBytes(path), KernelFileAccess.Read, out _));

    [Fact]
    public void A_kernel_can_lack_the_idle_bitmap()
    {
        SimulatedHost host = new(new SimulatedHostOptions { Frames = 64, HasIdlePageTracking = false });
        Assert.Equal(Errno.ENOENT, KernelFile.Open(host.Files, "/sys/kernel/mm/page_idle/bitmap"u8, KernelFileAccess.Read, out _));
        DirectoryListing listing = new();
        Assert.Equal(Errno.ENOENT, host.Files.List("/sys/kernel/mm/page_idle"u8, listing));
    }

    [Theory]
    [InlineData(1, "Node 0: 0 to 4095")]
    [InlineData(3, "Node 0: 0 to 1365, Node 1: 1366 to 2730, Node 2: 2731 to 4095")]
    public void Frames_are_on_the_nodes_that_their_zones_say(int nodes, string expected)
    {
        SimulatedHost host = new(new SimulatedHostOptions { Frames = 4096, Nodes = nodes });
        NodeFrames frames = NodeFrames.Read(host.Files);
        Assert.All(Enumerable.Range(0, 4096), frame => Assert.Equal(host.Memory.NodeOf(frame), frames.IndexOf(frame)));
        Assert.Equal(-1, frames.IndexOf(4096));
        Assert.Equal(expected, string.Join(", ", frames.Nodes.Select(node => $"Node {node}: {Enumerable.Range(0, 4096).First(frame => frames.IndexOf(frame) == node)} to {Enumerable.Range(0, 4096).Last(frame => frames.IndexOf(frame) == node)}")));
    }

    [Fact]
    public void Folders_list_what_lies_in_them()
    {
        DirectoryListing listing = new();
        Assert.Equal(Errno.None, _host.Files.List("/sys/kernel/mm"u8, listing));
        Assert.Equal(["page_idle", "transparent_hugepage"], Names(listing).Order(StringComparer.Ordinal));
        Assert.NotEqual(0UL, listing.OwnInode);
        Assert.Equal(Errno.None, _host.Files.List("/sys/fs"u8, listing));
        Assert.Equal(["cgroup"], Names(listing));
        Assert.True(listing.IsDirectory(0));
        Assert.Equal(Errno.None, _host.Files.List("/sys/fs/cgroup"u8, listing));
        Assert.Equal(["cgroup.controllers", "cgroup.subtree_control", "memory.stat", "memory.numa_stat"], Names(listing));
        Assert.Equal(_host.Root.Inode, listing.OwnInode);
        Assert.Equal(Errno.ENOENT, _host.Files.List("/sys/fs/cgroup/none"u8, listing));
        Assert.Equal(Errno.ENOENT, _host.Files.List("/sys/f"u8, listing));
    }

    [Fact]
    public void Inodes_are_each_ones_own()
    {
        SimulatedMemcg a = _host.MakeMemcg("/a");
        SimulatedMemcg b = _host.MakeMemcg("/b");
        DirectoryListing listing = new();
        HashSet<ulong> seen = [];
        foreach (SimulatedMemcg memcg in (SimulatedMemcg[])[_host.Root, a, b])
        {
            Assert.Equal(Errno.None, _host.Files.List(memcg.Directory, listing));
            Assert.True(seen.Add(listing.OwnInode));
            for (int i = 0; i < listing.Count; i++)
                Assert.True(listing.IsDirectory(i) || seen.Add(listing.Inode(i)));
        }
    }

    [Fact]
    public void A_text_stays_as_it_was_when_it_was_begun()
    {
        Assert.Equal(Errno.None, KernelFile.Open(_host.Files, "/proc/vmstat"u8, KernelFileAccess.Read, out KernelFile file));
        using (file)
        {
            byte[] piece = new byte[20];
            file.Read(0, piece);
            _host.Root.Allocate(PageKind.Anon, 4096);
            Assert.Equal("nr_free_pages 4096\nn", Encoding.ASCII.GetString(piece));
            file.Read(14, piece.AsSpan(0, 4));
            Assert.Equal("4096", Encoding.ASCII.GetString(piece, 0, 4));
            file.Read(0, piece);
            Assert.Equal("nr_free_pages 4095\nn", Encoding.ASCII.GetString(piece));
            Assert.Equal(IoResult.Done(0), file.Read(1 << 20, piece));
            Assert.Equal(IoResult.Failed(Errno.EINVAL), file.Read(-1, piece));
        }
    }

    [Fact]
    public void Operations_can_be_made_to_fail_or_to_do_less()
    {
        _host.Files.Fault = (operation, path, offset, count) => (operation, path) switch
        {
            (FileOperation.Open, "/proc/vmstat") => IoResult.Failed(Errno.EACCES),
            (FileOperation.List, "/sys/fs/cgroup") => IoResult.Failed(Errno.ENOMEM),
            (FileOperation.Read, HostFiles.Bitmap) when offset == 8 => IoResult.Failed(Errno.EIO),
            (FileOperation.Read, "/proc/kpageflags") => IoResult.Done(Math.Min(count, 24)),
            (FileOperation.Write, HostFiles.Bitmap) => IoResult.Done(8),
            _ => null,
        };
        _host.Root.Allocate(PageKind.Anon, 100 * 4096);
        Assert.Equal(Errno.EACCES, KernelFile.Open(_host.Files, "/proc/vmstat"u8, KernelFileAccess.Read, out _));
        Assert.Equal(Errno.ENOMEM, _host.Files.List("/sys/fs/cgroup"u8, new DirectoryListing()));
        Assert.Equal(IoResult.Failed(Errno.EIO), _host.Read(HostFiles.Bitmap, 8, new byte[8]));
        Assert.Equal(IoResult.Done(24), _host.Read("/proc/kpageflags", 0, new byte[800]));
        byte[] ones = [.. Enumerable.Repeat<byte>(255, 16)];
        Assert.Equal(IoResult.Done(8), _host.Write(HostFiles.Bitmap, 0, ones));
        Assert.True(_host.IsIdle(63));
        Assert.Equal(0, _host.Files.OpenFiles);

        _host.Files.Fault = null;
        Assert.False(_host.IsIdle(64));
    }

    [Fact]
    public void Memory_can_change_between_two_operations()
    {
        SimulatedFolio[] pages = _host.Root.Allocate(PageKind.Anon, 200 * 4096);
        _host.MarkAll();
        _host.Files.BeforeRead = (path, offset) =>
        {
            if (path == HostFiles.Bitmap && offset == 8)
                pages[0].Touch();
            if (path == HostFiles.Bitmap && offset == 16)
                pages[128].Touch();
        };
        byte[] word = new byte[8];
        List<bool> first = [];
        foreach (long offset in (long[])[0, 8, 16])
        {
            _host.Read(HostFiles.Bitmap, offset, word);
            first.Add((word[0] & 1) == 1);
        }

        Assert.Equal([true, true, false], first);
        List<string> written = [];
        _host.Files.BeforeWrite = (path, offset) => written.Add($"{path} {offset}");
        _host.Write(HostFiles.Bitmap, 16, word);
        Assert.Equal([HostFiles.Bitmap + " 16"], written);
    }

    [Fact]
    public void Entries_are_counted()
    {
        _host.MarkAll();
        _host.Bits();
        _host.Read("/proc/kpageflags", 0, new byte[80]);
        _host.Read("/proc/kpagecgroup", 0, new byte[160]);
        Assert.Equal(4096, _host.Files.EntriesWritten(HostFile.IdleBitmap));
        Assert.Equal(4096, _host.Files.EntriesRead(HostFile.IdleBitmap));
        Assert.Equal(10, _host.Files.EntriesRead(HostFile.PageFlags));
        Assert.Equal(20, _host.Files.EntriesRead(HostFile.PageCgroup));
        Assert.Equal(0, _host.Files.EntriesRead(HostFile.VmStat));
    }

    [Fact]
    public void A_steady_pass_over_its_files_allocates_nothing()
    {
        SimulatedMemcg a = _host.MakeMemcg("/a/b");
        SimulatedWorkload workload = _host.AddWorkload("w", a, PageKind.Anon, 1000 * 4096, hotShare: 0.5);
        byte[] buffer = new byte[32 * 1024];
        DirectoryListing listing = new();
        Pass();
        Pass();
        long before = GC.GetAllocatedBytesForCurrentThread();
        Pass();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.InRange(workload.Folios[^1].IdleFor.TotalSeconds, 3, 3.1);

        void Pass()
        {
            _host.Advance(TimeSpan.FromSeconds(1));
            ReadAll(HostFiles.BitmapBytes);
            ReadAll("/proc/kpageflags"u8);
            ReadAll("/proc/kpagecgroup"u8);
            ReadAll("/proc/vmstat"u8);
            ReadAll("/proc/meminfo"u8);
            ReadAll("/sys/fs/cgroup/a/b/memory.stat"u8);
            ReadAll("/sys/fs/cgroup/a/memory.current"u8);
            _ = _host.Files.List("/sys/fs/cgroup/a"u8, listing);
            _ = KernelFile.Open(_host.Files, HostFiles.BitmapBytes, KernelFileAccess.ReadWrite, out KernelFile bitmap);
            buffer.AsSpan().Fill(255);
            _ = bitmap.Write(0, buffer);
            bitmap.Dispose();
        }

        void ReadAll(ReadOnlySpan<byte> path)
        {
            _ = KernelFile.Open(_host.Files, path, KernelFileAccess.Read, out KernelFile file);
            long offset = 0;
            while (file.Read(offset, buffer) is { Count: > 0 } piece)
                offset += piece.Count;
            file.Dispose();
        }
    }

    private static List<string> Names(DirectoryListing listing) =>
        [.. Enumerable.Range(0, listing.Count).Select(i => Encoding.UTF8.GetString(listing.Name(i)))];
}
