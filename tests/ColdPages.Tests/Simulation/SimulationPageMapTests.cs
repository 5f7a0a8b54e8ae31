using System.Runtime.InteropServices;
using ColdPages.Simulation;

namespace ColdPages.Tests;

/// <summary>kpageflags and kpagecgroup of a simulated host behave as fs/proc/page.c does.</summary>
public sealed class SimulationPageMapTests
{
    private const ulong LruBits = PageFlagBits.Lru | PageFlagBits.Active | PageFlagBits.Unevictable;

    private readonly SimulatedHost _host = new(new SimulatedHostOptions { Frames = 4096, FramesPerSection = 1024 });
    private readonly SimulatedMemcg _a;

    public SimulationPageMapTests() => _a = _host.MakeMemcg("/a");

    [Fact]
    public void Each_kind_has_its_flags()
    {
        Assert.Equal(
            PageFlagBits.UpToDate | PageFlagBits.Lru | PageFlagBits.Mmap | PageFlagBits.Anon | PageFlagBits.SwapBacked | PageFlagBits.Ksm,
            FlagsOf(PageKind.Anon));
        Assert.Equal(PageFlagBits.UpToDate | PageFlagBits.Lru | PageFlagBits.Mmap | PageFlagBits.SwapBacked, FlagsOf(PageKind.Shmem));
        Assert.Equal(PageFlagBits.UpToDate | PageFlagBits.Lru | PageFlagBits.Referenced, FlagsOf(PageKind.File));

        ulong FlagsOf(PageKind kind) => _host.Flags(_a.Allocate(kind, 4096)[0].Frame);
    }

    [Fact]
    public void New_kernels_show_ksm_for_merged_pages_alone()
    {
        SimulatedHost host = new(new SimulatedHostOptions { Frames = 64, ShowsKsmOnAnon = false });
        host.Root.Allocate(PageKind.Anon, 4096);
        Assert.Equal(0UL, host.Flags(host.Memory.AllocateKernel(FolioUse.Hugetlb).Frame) & PageFlagBits.Ksm);
        Assert.NotEqual(0UL, _host.Flags(_host.Memory.AllocateKernel(FolioUse.Hugetlb).Frame) & PageFlagBits.Ksm);
        Assert.Equal(PageFlagBits.Anon, host.Flags(0) & (PageFlagBits.Anon | PageFlagBits.Ksm));
    }

    [Fact]
    public void Heads_and_tails_are_told_and_share_the_rest()
    {
        SimulatedFolio folio = _a.Allocate(PageKind.File, 16 * 4096, order: 4)[0];
        _host.Memory.SetActive(folio, active: true);
        ulong head = _host.Flags(folio.Frame);
        Assert.Equal(PageFlagBits.CompoundHead | PageFlagBits.Thp, head & (PageFlagBits.CompoundHead | PageFlagBits.CompoundTail | PageFlagBits.Thp));
        for (int tail = 1; tail < 16; tail++)
        {
            Assert.Equal(head ^ PageFlagBits.CompoundHead ^ PageFlagBits.CompoundTail, _host.Flags(folio.Frame + tail));
            Assert.Equal(_a.Inode, _host.Owner(folio.Frame + tail));
        }
    }

    [Fact]
    public void Old_kernels_show_the_flags_of_the_tail_itself()
    {
        SimulatedHost host = new(new SimulatedHostOptions { Frames = 64, TailsHaveOwnFlags = true });
        host.Root.Allocate(PageKind.Anon, 4096, order: 2);
        host.MarkAll();
        Assert.Equal(PageFlagBits.Idle | PageFlagBits.Lru, host.Flags(0) & (PageFlagBits.Idle | PageFlagBits.Lru));
        Assert.Equal(
            PageFlagBits.CompoundTail | PageFlagBits.Thp | PageFlagBits.Anon | PageFlagBits.Ksm | PageFlagBits.Mmap, host.Flags(3));
    }

    [Fact]
    public void Frames_without_a_folio_read_as_what_they_are()
    {
        SimulatedFolio[] pages = _a.Allocate(PageKind.Anon, 3 * 4096);
        pages[0].Free();
        _host.Memory.Free(pages[1], FrameState.CpuList);
        _host.Memory.MakeHole(1000, 8);
        _host.Memory.Offline(2);
        Assert.Equal(PageFlagBits.Buddy, _host.Flags(0));
        Assert.Equal(0UL, _host.Flags(1));
        Assert.Equal(0UL, _host.Flags(500));
        Assert.Equal(0UL, _host.Flags(1007));
        Assert.Equal(PageFlagBits.NoPage, _host.Flags(2048));
        Assert.Equal(0UL, _host.Flags(3072));
        Assert.All([0, 1, 500, 1007, 2048], frame => Assert.Equal(0UL, _host.Owner(frame)));
    }

    [Fact]
    public void Kernel_memory_is_on_no_list()
    {
        SimulatedFolio slab = _host.Memory.AllocateKernel(FolioUse.Slab, _a, order: 1);
        SimulatedFolio table = _host.Memory.AllocateKernel(FolioUse.PageTable, _a);
        SimulatedFolio pool = _host.Memory.AllocateKernel(FolioUse.Hugetlb, _a, order: 9);
        Assert.Equal(PageFlagBits.Slab, _host.Flags(slab.Frame + 1) & (PageFlagBits.Slab | LruBits));
        Assert.Equal(PageFlagBits.PageTable, _host.Flags(table.Frame));
        Assert.Equal(PageFlagBits.Huge | PageFlagBits.CompoundTail, _host.Flags(pool.Frame + 511) & (PageFlagBits.Huge | PageFlagBits.CompoundTail | LruBits));

        // Of these the page tables alone tell whose they are.
        Assert.Equal([0UL, _a.Inode, 0UL], [_host.Owner(slab.Frame), _host.Owner(table.Frame), _host.Owner(pool.Frame)]);
        Assert.Equal(3 * 4096, _a.CurrentBytes);
    }

    [Fact]
    public void An_entry_is_8_bytes_and_the_files_end_with_a_section()
    {
        SimulatedHost host = new(new SimulatedHostOptions { Frames = 4000, FramesPerSection = 1024 });
        host.Memory.Allocate(host.Root, PageKind.Anon, frame: 3999);
        foreach (string path in (string[])["/proc/kpageflags", "/proc/kpagecgroup"])
        {
            Assert.Equal(IoResult.Failed(Errno.EINVAL), host.Read(path, 4, new byte[8]));
            Assert.Equal(IoResult.Failed(Errno.EINVAL), host.Read(path, 8, new byte[12]));
            ulong[] entries = new ulong[200];
            Assert.Equal(IoResult.Done(97 * 8), host.Read(path, 3999 * 8, MemoryMarshal.AsBytes(entries.AsSpan())));
            Assert.NotEqual(0UL, entries[0]);
            Assert.All(entries[1..], entry => Assert.Equal(0UL, entry));
            Assert.Equal(IoResult.Done(0), host.Read(path, 4096 * 8, new byte[8]));
            Assert.Equal(IoResult.Done(4096 * 8), host.Read(path, 0, new byte[5000 * 8]));
        }
    }

    [Fact]
    public void A_piece_of_the_file_reads_as_the_whole_does()
    {
        _a.Allocate(PageKind.Anon, 1 << 20, order: 4);
        _a.Allocate(PageKind.Anon, 2 << 20, order: 9);
        ulong[] whole = new ulong[2048];
        _host.Read("/proc/kpageflags", 0, MemoryMarshal.AsBytes(whole.AsSpan()));
        for (int first = 0; first < whole.Length; first += 37)
        {
            ulong[] piece = new ulong[Math.Min(53, whole.Length - first)];
            _host.Read("/proc/kpageflags", first * 8L, MemoryMarshal.AsBytes(piece.AsSpan()));
            Assert.Equal(whole[first..(first + piece.Length)], piece);
        }
    }

    [Theory]
    [InlineData(4096, 9)]
    [InlineData(16384, 11)]
    [InlineData(65536, 13)]
    public void A_huge_page_is_what_a_table_of_its_page_size_maps(int pageSize, int order)
    {
        SimulatedHost host = new(new SimulatedHostOptions { PageSize = pageSize, Frames = 20_000 });
        Assert.Equal($"{(long)pageSize << order}\n", host.Text("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size"));
        SimulatedFolio huge = host.Root.Allocate(PageKind.Anon, 1, order)[0];
        Assert.Equal((long)pageSize << order, huge.Bytes);
        Assert.Equal(huge.Bytes, host.Stat(host.Root, "anon_thp", inPages: false));
        Assert.Throws<ArgumentOutOfRangeException>(() => host.Root.Allocate(PageKind.Anon, 1, order + 1));
    }

    [Fact]
    public void Memory_comes_and_goes_by_sections()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => _host.Memory.Offline(4));
        _host.Memory.Allocate(_a, PageKind.Anon, frame: 1024);
        Assert.Throws<InvalidOperationException>(() => _host.Memory.Offline(1));
        _host.Memory.Offline(3);
        Assert.Throws<InvalidOperationException>(() => _host.Memory.Allocate(_a, PageKind.Anon, frame: 3072));
        Assert.Equal(3072 - 1, _host.VmStat("nr_free_pages"));
        Assert.Equal(4096, _host.Frames);

        _host.Memory.HotAdd(1);
        Assert.Equal(5120, _host.Frames);
        Assert.Equal(PageFlagBits.NoPage, _host.Flags(5119));
        _host.Memory.Online(4);
        Assert.Equal(PageFlagBits.Buddy, _host.Flags(5119));
        Assert.Equal(4096 - 1, _host.VmStat("nr_free_pages"));
        Assert.Equal(5119, _host.Memory.Allocate(_a, PageKind.Anon, frame: 5119).Frame);
        _host.MarkAll();
        Assert.True(_host.IsIdle(5119));
    }
}
