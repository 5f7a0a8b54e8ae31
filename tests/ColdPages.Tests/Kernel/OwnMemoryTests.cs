using System.Runtime.CompilerServices;

namespace ColdPages.Tests;

/// <summary>On this machine's own memory.</summary>
public sealed class OwnMemoryTests
{
    private readonly KernelFiles _files = HostRoots.Local.Files;

    [Fact]
    public void The_structs_are_as_long_as_the_kernels()
    {
        // struct pm_scan_arg and struct page_region of include/uapi/linux/fs.h; the length is also part of the request's number.
        Assert.Equal(96, Unsafe.SizeOf<PageMapScan>());
        Assert.Equal(PageMapScan.Request >> 16 & 0x3fff, (uint)Unsafe.SizeOf<PageMapScan>());
        Assert.Equal(24, Unsafe.SizeOf<PageRegion>());
        Assert.Equal(2 * nint.Size, Unsafe.SizeOf<LibC.IoVec>());
    }

    [Fact]
    public void It_is_a_mapping_of_its_own_of_which_only_what_is_touched_is_there()
    {
        Assert.SkipUnless(_files.HasOwnMemory, "SKIP: needs a 64-bit process on Linux");
        const int Pages = 8;
        Assert.Equal(Errno.None, _files.MapOwnMemory(Pages * _files.PageSize, 0, out OwnMemory? memory));
        Assert.NotNull(memory);
        using (memory)
        {
            Assert.Equal(0UL, memory.Address % (ulong)_files.PageSize);
            memory.Touch(1);
            memory.Touch(Pages - 1);
            Assert.Equal(Errno.None, SmapsProbe.Read(_files, memory, out SmapsProbe.OwnMapping mapping));
            Assert.Equal(2L * _files.PageSize, mapping.Rss);
            Assert.Equal(Errno.None, memory.ForgetTranslations());
            memory.Touch(1);
        }

        Assert.Equal(Errno.None, SmapsProbe.Read(_files, memory, out SmapsProbe.OwnMapping gone));
        Assert.NotEqual(2L * _files.PageSize, gone.Rss);
    }

    [Fact]
    public void For_huge_pages_it_begins_where_one_does()
    {
        Assert.SkipUnless(_files.HasOwnMemory && File.Exists("/sys/kernel/mm/transparent_hugepage/enabled"), "SKIP: needs transparent huge pages");
        const long HugePage = 2 << 20;
        Assert.Equal(Errno.None, _files.MapOwnMemory(HugePage, HugePage, out OwnMemory? memory));
        using (memory)
            Assert.Equal(0UL, memory!.Address % (ulong)HugePage);
    }

    [Fact]
    public void A_host_under_another_root_has_none()
    {
        KernelFiles other = HostRoots.Mounted("/host").Files;
        Assert.False(other.HasOwnMemory);
        Assert.Equal(Errno.ENOTSUP, other.MapOwnMemory(4096, 0, out OwnMemory? memory));
        Assert.Null(memory);
        Assert.Equal(Errno.ENOTSUP, other.PageOutNothing());
    }
}
