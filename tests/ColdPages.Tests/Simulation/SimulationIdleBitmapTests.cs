using ColdPages.Simulation;

namespace ColdPages.Tests;

/// <summary>The bitmap of a simulated host behaves as mm/page_idle.c does.</summary>
public sealed class SimulationIdleBitmapTests
{
    private readonly SimulatedHost _host = new(new SimulatedHostOptions { Frames = 4096 });

    [Fact]
    public void A_page_is_idle_from_its_mark_until_it_is_touched()
    {
        SimulatedFolio[] pages = _host.MakeMemcg("/a").Allocate(PageKind.Anon, 3 * 4096);
        Assert.False(_host.IsIdle(0));
        _host.MarkAll();
        Assert.Equal(0b111UL, _host.Bits()[0]);
        pages[1].Touch();
        Assert.Equal(0b101UL, _host.Bits()[0]);

        // Reading took the accessed bit and the flag: nothing but a mark makes it idle again.
        Assert.Equal(0b101UL, _host.Bits()[0]);
        _host.MarkAll();
        Assert.Equal(0b111UL, _host.Bits()[0]);
    }

    [Fact]
    public void Reading_clears_the_accessed_bit_of_marked_pages_alone()
    {
        SimulatedFolio page = _host.MakeMemcg("/a").Allocate(PageKind.Anon, 4096)[0];
        Assert.False(_host.IsIdle(0));
        Assert.True(page.Has(FolioFlags.Accessed));
        _host.MarkAll();
        Assert.False(page.Has(FolioFlags.Accessed));
        page.Touch();
        Assert.False(_host.IsIdle(0));
        Assert.False(page.Has(FolioFlags.Accessed));
        Assert.True(page.Has(FolioFlags.Young));
    }

    [Fact]
    public void Read_by_call_clears_the_flag_at_once()
    {
        SimulatedFolio page = _host.MakeMemcg("/a").Allocate(PageKind.File, 4096)[0];
        _host.MarkAll();
        Assert.True(_host.IsIdle(0));
        page.Read();
        Assert.Equal(0UL, _host.Flags(0) & PageFlagBits.Idle);
        Assert.False(_host.IsIdle(0));
    }

    [Fact]
    public void Only_the_head_of_a_large_folio_has_a_bit_and_all_its_pages_have_the_flag()
    {
        SimulatedFolio huge = _host.MakeMemcg("/a").Allocate(PageKind.Anon, 2 << 20, order: 9)[0];
        _host.MarkAll();
        ulong[] bits = _host.Bits();
        Assert.Equal(1UL, bits[0]);
        Assert.All(bits[1..8], word => Assert.Equal(0UL, word));
        Assert.Equal(0, huge.Frame);
        Assert.All([0, 1, 511], frame => Assert.Equal(PageFlagBits.Idle, _host.Flags(frame) & PageFlagBits.Idle));
    }

    [Fact]
    public void A_freed_page_loses_its_flag()
    {
        SimulatedMemcg a = _host.MakeMemcg("/a");
        SimulatedFolio page = a.Allocate(PageKind.Anon, 4096)[0];
        _host.MarkAll();
        page.Free();
        Assert.Equal(PageFlagBits.Buddy, _host.Flags(0));
        Assert.Equal(0, a.Allocate(PageKind.Anon, 4096)[0].Frame);
        Assert.False(_host.IsIdle(0));
    }

    [Theory]
    [InlineData(1, 8)]
    [InlineData(8, 4)]
    [InlineData(-8, 8)]
    [InlineData(4, 4097)]
    public void Offset_and_length_must_be_multiples_of_8(long offset, int length)
    {
        Assert.Equal(IoResult.Failed(Errno.EINVAL), _host.Read(HostFiles.Bitmap, offset, new byte[length]));
        Assert.Equal(IoResult.Failed(Errno.EINVAL), _host.Write(HostFiles.Bitmap, offset, new byte[length]));
    }

    [Fact]
    public void At_and_past_the_end_reads_give_nothing_and_writes_fail()
    {
        Assert.Equal(IoResult.Done(8), _host.Read(HostFiles.Bitmap, 504, new byte[8]));
        Assert.Equal(IoResult.Done(0), _host.Read(HostFiles.Bitmap, 512, new byte[8]));
        Assert.Equal(IoResult.Done(0), _host.Read(HostFiles.Bitmap, 1 << 30, new byte[8]));
        Assert.Equal(IoResult.Failed(Errno.ENXIO), _host.Write(HostFiles.Bitmap, 512, new byte[8]));
        Assert.Equal(IoResult.Done(8), _host.Write(HostFiles.Bitmap, 504, new byte[16]));
    }

    [Fact]
    public void One_operation_moves_a_page_of_bits()
    {
        SimulatedHost host = new(new SimulatedHostOptions { Frames = 70_000 });
        Assert.Equal(IoResult.Done(4096), host.Read(HostFiles.Bitmap, 0, new byte[10_000]));
        Assert.Equal(IoResult.Done(4096), host.Write(HostFiles.Bitmap, 4096, new byte[10_001]));
    }

    [Fact]
    public void The_last_partial_word_is_never_given_and_yet_done()
    {
        SimulatedHost host = new(new SimulatedHostOptions { Frames = 100 });
        SimulatedFolio[] pages = host.MakeMemcg("/a").Allocate(PageKind.Anon, 100 * 4096);
        Assert.Equal(IoResult.Done(8), host.Write(HostFiles.Bitmap, 0, new byte[16]));
        Assert.Equal(IoResult.Done(0), host.Write(HostFiles.Bitmap, 8, [255, 255, 255, 255, 255, 255, 255, 255]));
        Assert.True(pages[99].Has(FolioFlags.Idle));
        Assert.Equal(IoResult.Done(8), host.Read(HostFiles.Bitmap, 0, new byte[16]));
        pages[98].Touch();
        Assert.Equal(IoResult.Done(0), host.Read(HostFiles.Bitmap, 8, new byte[8]));
        Assert.False(pages[98].Has(FolioFlags.Idle));
        Assert.True(pages[99].Has(FolioFlags.Idle));
    }

    [Fact]
    public void What_is_on_no_list_reads_0_and_keeps_its_flag()
    {
        SimulatedFolio page = _host.MakeMemcg("/a").Allocate(PageKind.Anon, 4096)[0];
        _host.MarkAll();
        _host.Memory.Isolate(page);
        Assert.False(_host.IsIdle(0));
        Assert.Equal(PageFlagBits.Idle, _host.Flags(0) & (PageFlagBits.Idle | PageFlagBits.Lru));
        _host.Memory.PutBack(page);
        Assert.True(_host.IsIdle(0));
        _host.Memory.Isolate(page);
        page.Touch();
        _host.Memory.PutBack(page);
        Assert.False(_host.IsIdle(0));
    }

    [Fact]
    public void The_walk_passes_over_a_locked_page_of_a_file_and_the_mark_is_set_all_the_same()
    {
        SimulatedFolio page = _host.MakeMemcg("/a").Allocate(PageKind.File, 4096)[0];
        page.Touch();
        page.SetLocked(true);
        _host.MarkAll();

        // It was touched before it was marked: only the next read finds out.
        Assert.True(_host.IsIdle(0));
        page.SetLocked(false);
        Assert.False(_host.IsIdle(0));
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, true)]
    public void The_lock_of_anonymous_memory_is_asked_for_by_new_kernels_alone(bool isNew, bool readsIdle)
    {
        SimulatedHost host = new(new SimulatedHostOptions { Frames = 4096, AnonNeedsLock = isNew });
        SimulatedFolio page = host.MakeMemcg("/a").Allocate(PageKind.Anon, 4096)[0];
        host.MarkAll();
        page.SetLocked(true);
        page.Touch();
        Assert.Equal(readsIdle, host.IsIdle(0));
    }

    [Fact]
    public void Kernel_memory_and_hugetlb_are_never_idle()
    {
        foreach (FolioUse use in (FolioUse[])[FolioUse.Slab, FolioUse.PageTable, FolioUse.Hugetlb])
            _host.Memory.AllocateKernel(use, _host.Root, order: 2);
        _host.MarkAll();
        Assert.All(_host.Bits(), word => Assert.Equal(0UL, word));
    }
}
