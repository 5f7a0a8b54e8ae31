using System.Globalization;
using System.Runtime.InteropServices;
using ColdPages.Simulation;
using ColdPages.Tests;

namespace ColdPages.KernelTests;

/// <summary>
/// The simulated host shows what a kernel shows: histories that are run on both, and compared after each step. What is compared, and what is left
/// out, is said at <see cref="TwinHosts"/>.
/// </summary>
public sealed class ConformanceTests : IClassFixture<QuietAccessedBits>
{
    private const int Pages = 256;

    [Fact]
    public void Anonymous_pages()
    {
        Guest.Require();
        using TwinHosts twins = new();
        int region = twins.Map("anon", Pages);
        twins.Touch(region, 0, Pages);

        // The process has faults of its own: it flushes its TLB by changing what it may do with 64 pages.
        (long faults, long simulated) = twins.Faults;
        Assert.Equal(Pages, simulated);
        Assert.InRange(faults, Pages, Pages + 96);

        twins.Drain();
        twins.Compare("fresh");
        twins.Mark();
        twins.Compare("marked");
        twins.Read(region, 7, 2);
        twins.Touch(region, 100, 3);
        twins.Compare("touched");
        twins.Compare("read again");
        twins.ChildRead(region, 30, 4);
        twins.Compare("read by a child");
    }

    [Fact]
    public void Anonymous_pages_that_are_given_back()
    {
        Guest.Require();
        using TwinHosts twins = new();
        int region = twins.Map("anon", Pages);
        twins.Touch(region, 0, Pages);
        twins.Drain();
        twins.Mark();
        twins.Free(region, 20, 100);
        twins.Compare("given back");
        twins.Touch(region, 20, 40);
        twins.Drain();
        twins.Compare("touched again");
        twins.Mark();
        twins.Read(region, 22);
        twins.Compare("marked again");

        twins.LazyFree(region, 150, 50);
        twins.Drain();
        twins.Compare("lazily freed");
        twins.Touch(region, 151);
        twins.Compare("one of them touched");
    }

    [Theory]
    [InlineData("anon")]
    [InlineData("shmem")]
    public void Locked_pages(string kind)
    {
        Guest.Require();
        using TwinHosts twins = new();
        int region = twins.Map(kind, Pages);
        twins.Touch(region, 0, Pages);
        twins.Drain();
        twins.Mark();
        twins.Lock(region, 40, 80);
        twins.Drain();
        twins.Compare("locked");
        twins.Mark();
        twins.Read(region, 41);
        twins.Compare("one of them touched");
        twins.Unlock(region, 40, 60);
        twins.Drain();
        twins.Compare("unlocked");
    }

    [Fact]
    public void Huge_pages()
    {
        Guest.Require();
        using TwinHosts twins = new();
        int region = twins.Map("thp", 1024);
        twins.Touch(region, 0, 1024);
        twins.Drain();
        twins.Compare("fresh");
        twins.MarkTails();
        twins.Compare("tails marked");
        twins.Mark();
        twins.Compare("marked");
        twins.Read(region, 5);
        twins.Compare("one page touched");
        twins.Mark();
        twins.Read(region, 511);
        twins.LazyFree(region, 512, 512);
        twins.Drain();
        twins.Compare("one lazily freed");
        twins.Lock(region, 0, 512);
        twins.Drain();
        twins.Compare("one locked");
    }

    [Theory]
    [InlineData(9)]
    [InlineData(4)]
    public void Huge_pages_that_are_split(int order)
    {
        Guest.Require();
        using HugePagesOf64KiB? small = order == 4 ? new() : null;
        using TwinHosts twins = new(order);
        int size = 1 << order;
        int region = twins.Map("thp", 512);
        twins.Touch(region, 0, 512);
        twins.Drain();
        twins.Compare("fresh");
        twins.Mark();
        twins.Read(region, size - 1);
        twins.Compare("one page touched");
        twins.Mark();
        twins.UnmapTails(region, 512 - (size / 2), size / 2);
        twins.Compare("unmapped in part");
        twins.Split();
        twins.Drain();
        twins.Compare("split");
        twins.Read(region, 3);
        twins.Compare("one page touched after the split");
    }

    [Fact]
    public void Pages_of_the_hugetlb_pool()
    {
        Guest.Require();
        using KernelSetting pool = new("/proc/sys/vm/nr_hugepages", "2");
        using TwinHosts twins = new();
        int region = twins.Map("hugetlb", 512);
        twins.Touch(region, 0, 512);
        twins.Compare("fresh");
        twins.Mark();
        twins.Compare("marked");
    }

    [Fact]
    public void Shared_memory()
    {
        Guest.Require();
        using TwinHosts twins = new();
        int region = twins.Map("shmem", Pages);
        twins.Touch(region, 0, Pages);
        twins.Drain();
        twins.Compare("fresh");
        twins.Mark();
        twins.Compare("marked");
        twins.Read(region, 7);
        twins.Free(region, 6, 50);
        twins.Drain();
        twins.Compare("unmapped in part");
        twins.Touch(region, 9, 3);
        twins.Compare("mapped again in part");
    }

    [Fact]
    public void Page_cache()
    {
        Guest.Require();
        using TwinHosts twins = new();
        int region = twins.Map("file", Pages);
        twins.StartStats(); // It counts what the file system needs besides.
        twins.Read(region, 0, Pages);
        twins.Drain();
        twins.Compare("mapped");
        twins.Mark();
        twins.Compare("marked");
        twins.Read(region, 7, 2);
        twins.Compare("touched");
        twins.Mark();
        twins.Read(region, 20, 2);
        twins.Free(region, 0, Pages);
        twins.Drain();
        twins.Compare("unmapped");
        twins.Mark();
        twins.ReadFile(region, 30, 40);
        twins.Drain();
        twins.Compare("read");
        twins.ReadFile(region, 30, 30);
        twins.Drain();
        twins.Compare("read again");
        twins.Mark();
        twins.WriteFile(region, 60, 20);
        twins.Drain();
        twins.Compare("written");
        twins.WriteFile(region, 60, 20);
        twins.Drain();
        twins.Compare("written again");
    }

    [Fact]
    public void Page_cache_that_is_read_from_the_disk()
    {
        Guest.Require();
        using TwinHosts twins = new();
        int region = twins.Map("file", Pages);
        twins.StartStats();
        twins.Drain();
        twins.Drop(region, 0, Pages);
        twins.Compare("dropped");
        twins.ReadFile(region, 0, Pages);
        twins.Drain();
        twins.Read(region, 0, Pages); // Only what is mapped tells where it is.
        twins.Compare("read");
        twins.Mark();
        twins.Compare("marked");
    }

    [Fact]
    public void Page_cache_of_a_cgroup_that_is_removed()
    {
        Guest.Require();
        using TwinHosts twins = new();
        int region = twins.Map("file", 1024);
        twins.Read(region, 0, 1024);
        twins.Free(region, 0, 1024);
        twins.Drain();
        twins.Mark();
        twins.ReadFile(region, 30, 10);
        twins.Drain();
        twins.ComparePages("before", region, 0, 29, 30, 39, 40);
        twins.Remove();
        twins.Compare("removed");
        twins.Mark();
        twins.Compare("marked");
    }

    [Fact]
    public void Fresh_pages_that_wait_in_a_batch()
    {
        Guest.Require();
        using TwinHosts twins = new();
        int region = twins.Map("anon", Pages);
        int[] waiting = [];

        for (int first = 0; first < Pages && waiting.Length == 0; first += 8)
        {
            twins.Drain();
            twins.Touch(region, first, 8);
            twins.Mark();
            waiting = twins.CompareWaiting("waiting", region, first, 8);
        }

        Assert.NotEmpty(waiting);
        twins.Drain();
        twins.ComparePages("drained", region, waiting);
        twins.Mark();
        twins.ComparePages("marked", region, waiting);
    }

    [Fact]
    public void Pages_that_the_kernel_moves()
    {
        Guest.Require();
        using TwinHosts twins = new();
        int region = twins.Map("anon", Pages);
        twins.Touch(region, 0, Pages);
        twins.Drain();
        twins.Mark();
        twins.Read(region, 7, 2);
        twins.Move(region, 4, 8);
        twins.CompareWaiting("waiting after the move", region, 4, 8);
        twins.Drain();
        twins.Compare("moved");
        twins.Mark();
        twins.Compare("marked");
    }

    [Fact]
    public void Where_the_files_end()
    {
        Guest.Require();
        const int FramesPerSection = 32_768;
        using KernelPages pages = new();
        long frames = (File.ReadLines("/proc/iomem").Where(line => line.EndsWith(": System RAM", StringComparison.Ordinal))
            .Max(line => long.Parse(line[(line.IndexOf('-', StringComparison.Ordinal) + 1)..line.IndexOf(' ', StringComparison.Ordinal)], NumberStyles.HexNumber, CultureInfo.InvariantCulture)) + 1) / 4096;

        // Its frames end as far from the end of a section as this host's do.
        SimulatedHost host = new(TwinHosts.Options((int)((frames - 1) % FramesPerSection) + 1));
        long whole = frames / 64, wholeSimulated = host.Frames / 64;
        for (int word = -1; word < 3; word++)
        {
            ulong[] bits = new ulong[1];
            IoResult read = host.Read(HostFiles.Bitmap, (wholeSimulated + word) * 8, MemoryMarshal.AsBytes(bits.AsSpan()));
            Assert.Equal((word, pages.ReadWord(whole + word) is not null), (word, read.Count == 8));
            IoResult written = host.Write(HostFiles.Bitmap, (wholeSimulated + word) * 8, new byte[8]);
            Assert.Equal((word, pages.WriteWord(whole + word, 0)), (word, written.Ok ? written.Count : -(long)written.Error));
        }

        long end = (frames + FramesPerSection - 1) / FramesPerSection * FramesPerSection;
        using FileStream real = File.OpenRead("/proc/kpageflags");
        byte[] buffer = new byte[16 * 1024];
        Assert.Equal(8, RandomAccess.Read(real.SafeFileHandle, buffer.AsSpan(0, 8), (end - 1) * 8));
        Assert.Equal(0, RandomAccess.Read(real.SafeFileHandle, buffer.AsSpan(0, 8), end * 8));
        Assert.Equal(IoResult.Done(8), host.Read("/proc/kpageflags", (host.Memory.EndOfPageMap - 1) * 8, new byte[8]));
        Assert.Equal(IoResult.Done(0), host.Read("/proc/kpageflags", host.Memory.EndOfPageMap * 8, new byte[8]));
    }
}
