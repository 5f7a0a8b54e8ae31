using System.Globalization;

namespace ColdPages.KernelTests;

/// <summary>
/// What kernels do with idle bits, flags and owners of single pages, shown with plain reads and writes: the facts that the idle-bitmap source is
/// built on, and that a simulated host has to keep.
/// </summary>
public sealed class PageFactsTests : IClassFixture<QuietAccessedBits>
{
    private const int Pages = 256;
    private const int Touched = 7; // The page of them that something is done to.

    public static TheoryData<string> SmallKinds => ["anon", "shmem", "file"];

    [Theory]
    [MemberData(nameof(SmallKinds))]
    public void A_touch_clears_the_mark_of_its_page_and_of_no_other(string kind)
    {
        Guest.Require();
        using Scene scene = new();
        (int region, long[] frames) = scene.Fill(kind, Pages);
        PageFlags kindFlags = kind switch
        {
            "anon" => PageFlags.Anon | PageFlags.SwapBacked,
            "shmem" => PageFlags.SwapBacked,
            _ => PageFlags.None,
        };
        Assert.All(frames, frame => Assert.Equal(
            PageFlags.Lru | PageFlags.Mapped | kindFlags, scene.Pages.Flags(frame) & (PageFlags.Lru | PageFlags.Mapped | PageFlags.Anon | PageFlags.SwapBacked)));
        Assert.All(frames, frame => Assert.Equal(scene.Cgroup.Inode, scene.Pages.Owner(frame)));
        Assert.DoesNotContain(true, scene.Pages.AreIdle(frames));

        scene.Pages.MarkIdle(frames);
        Assert.DoesNotContain(false, scene.Pages.AreIdle(frames));

        scene.Process.Do("read", region, Touched);
        Assert.Equal(AllBut(Touched), scene.Pages.AreIdle(frames));
        Assert.Equal(AllBut(Touched), frames.Select(frame => scene.Pages.Flags(frame).HasFlag(PageFlags.Idle)));

        scene.Process.Do("touch", region, Touched + 1);
        Assert.Equal([false, false], scene.Pages.AreIdle(frames[Touched..(Touched + 2)]));
    }

    [Fact]
    public void The_flag_of_kpageflags_goes_when_the_bitmap_is_read_and_not_when_the_page_is_touched()
    {
        Guest.Require();
        using Scene scene = new();
        (int region, long[] frames) = scene.Fill("anon", Pages);
        scene.Pages.MarkIdle(frames);
        scene.Process.Do("read", region, Touched);

        Assert.True(scene.Pages.Flags(frames[Touched]).HasFlag(PageFlags.Idle));
        Assert.False(scene.Pages.IsIdle(frames[Touched]));
        Assert.False(scene.Pages.Flags(frames[Touched]).HasFlag(PageFlags.Idle));
    }

    [Theory]
    [InlineData(512)]
    [InlineData(16)]
    public void Only_the_head_of_a_huge_page_has_a_bit_and_a_touch_of_any_part_clears_it(int size)
    {
        Guest.Require();
        using HugePagesOf64KiB? small = size == 16 ? new() : null;
        using Scene scene = new();
        (int region, long[] frames) = scene.Fill("thp", 512);
        Assert.Equal(Enumerable.Range(0, 512).Select(i => i % size == 0 ? frames[i] : frames[i - 1] + 1), frames);
        Assert.All(frames.Select((frame, i) => (Frame: frame, IsHead: i % size == 0)), page => Assert.Equal(
            PageFlags.Thp | (page.IsHead ? PageFlags.CompoundHead : PageFlags.CompoundTail),
            scene.Pages.Flags(page.Frame) & (PageFlags.Thp | PageFlags.CompoundHead | PageFlags.CompoundTail)));
        Assert.All(frames, frame => Assert.Equal(scene.Cgroup.Inode, scene.Pages.Owner(frame)));

        scene.Pages.MarkIdle(frames);
        Assert.Equal(Enumerable.Range(0, 512).Select(i => i % size == 0), scene.Pages.AreIdle(frames));
        Assert.All(frames, frame => Assert.True(scene.Pages.Flags(frame).HasFlag(PageFlags.Idle)));

        scene.Process.Do("read", region, size - 1);
        Assert.False(scene.Pages.IsIdle(frames[0]));
        Assert.Equal(size < 512, scene.Pages.IsIdle(frames[512 - size]));
        Assert.All(frames[..size], frame => Assert.False(scene.Pages.Flags(frame).HasFlag(PageFlags.Idle)));
    }

    [Fact]
    public void A_mark_written_to_a_tail_alone_marks_nothing()
    {
        Guest.Require();
        using Scene scene = new();
        (_, long[] frames) = scene.Fill("thp", 512);

        scene.Pages.MarkIdle(frames[1..]);

        Assert.DoesNotContain(true, scene.Pages.AreIdle(frames));
    }

    [Fact]
    public void Writing_0_clears_no_mark()
    {
        Guest.Require();
        using Scene scene = new();
        (_, long[] frames) = scene.Fill("anon", Pages);
        scene.Pages.MarkIdle(frames);

        foreach (long word in frames.Select(frame => frame / 64).Distinct())
            Assert.Equal(sizeof(ulong), scene.Pages.WriteWord(word, 0));

        Assert.DoesNotContain(false, scene.Pages.AreIdle(frames));
    }

    [Fact]
    public void The_last_word_is_read_and_written_only_where_all_its_64_frames_are_there()
    {
        Guest.Require();
        using KernelPages pages = new();
        long frames = (File.ReadLines("/proc/iomem").Where(line => line.EndsWith(": System RAM", StringComparison.Ordinal))
            .Max(line => long.Parse(line[(line.IndexOf('-', StringComparison.Ordinal) + 1)..line.IndexOf(' ', StringComparison.Ordinal)], NumberStyles.HexNumber, CultureInfo.InvariantCulture)) + 1) / 4096;
        TestContext.Current.TestOutputHelper?.WriteLine($"{frames} frames, {frames % 64} of them in the last word");
        const int NoSuchAddress = 6; // ENXIO

        long whole = frames / 64;
        Assert.NotNull(pages.ReadWord(whole - 1));
        Assert.Equal(sizeof(ulong), pages.WriteWord(whole - 1, 0));
        Assert.Null(pages.ReadWord(whole));
        Assert.Equal(frames % 64 > 0 ? 0 : -NoSuchAddress, pages.WriteWord(whole, 0));
        Assert.Equal(-NoSuchAddress, pages.WriteWord(whole + 1, 0));
    }

    [Fact]
    public void A_page_given_back_loses_its_mark_and_its_owner()
    {
        Guest.Require();
        using Scene scene = new();
        (int region, long[] frames) = scene.Fill("anon", Pages);
        scene.Pages.MarkIdle(frames);

        scene.Process.Do("free", region, Touched);

        Assert.Equal(-1, scene.Process.Frames(region, Touched, 1)[0]);
        Assert.Equal(AllBut(Touched), scene.Pages.AreIdle(frames));
        Assert.False(scene.Pages.Flags(frames[Touched]).HasFlag(PageFlags.Idle));

        // It can have another owner at once.
        Assert.NotEqual(scene.Cgroup.Inode, scene.Pages.Owner(frames[Touched]));
    }

    [Fact]
    public void A_page_freed_lazily_keeps_its_mark_and_is_no_longer_backed_by_swap()
    {
        Guest.Require();
        using Scene scene = new();
        (int region, long[] frames) = scene.Fill("anon", Pages);
        scene.Pages.MarkIdle(frames);

        scene.Process.Do("lazyfree", region, Touched);
        scene.Process.Drain();

        Assert.DoesNotContain(false, scene.Pages.AreIdle(frames));
        Assert.Equal(
            PageFlags.Lru | PageFlags.Anon | PageFlags.Idle,
            scene.Pages.Flags(frames[Touched]) & (PageFlags.Lru | PageFlags.Anon | PageFlags.Idle | PageFlags.SwapBacked));
        Assert.Equal(scene.Cgroup.Inode, scene.Pages.Owner(frames[Touched]));
    }

    [Fact]
    public void A_huge_page_unmapped_in_part_stays_whole_until_it_is_split_and_what_is_left_of_it_keeps_its_mark()
    {
        Guest.Require();
        using Scene scene = new();
        (int region, long[] frames) = scene.Fill("thp", 512);
        scene.Pages.MarkIdle(frames);

        scene.Process.Do("unmap", region, 256, 256);
        Assert.True(scene.Pages.IsIdle(frames[0]));
        Assert.All(frames[1..], frame => Assert.True(scene.Pages.Flags(frame).HasFlag(PageFlags.CompoundTail)));
        Assert.All(frames, frame => Assert.Equal(scene.Cgroup.Inode, scene.Pages.Owner(frame)));

        KernelText.Write("/sys/kernel/debug/split_huge_pages", "1");
        scene.Process.Drain();
        const PageFlags Mask = PageFlags.Lru | PageFlags.Anon | PageFlags.CompoundHead | PageFlags.CompoundTail;
        Assert.DoesNotContain(false, scene.Pages.AreIdle(frames[..256]));
        Assert.All(frames[..256], frame => Assert.Equal(PageFlags.Lru | PageFlags.Anon, scene.Pages.Flags(frame) & Mask));
        Assert.All(frames[..256], frame => Assert.Equal(scene.Cgroup.Inode, scene.Pages.Owner(frame)));
        Assert.DoesNotContain(true, scene.Pages.AreIdle(frames[256..]));
        Assert.All(frames[256..], frame => Assert.NotEqual(scene.Cgroup.Inode, scene.Pages.Owner(frame)));
    }

    [Fact]
    public void A_huge_page_of_shared_memory_unmapped_in_part_keeps_its_mark_though_it_was_touched_and_the_kernel_counts_that()
    {
        Guest.Require();
        using KernelSetting huge = new("/sys/kernel/mm/transparent_hugepage/shmem_enabled", "advise");
        using Scene scene = new();
        (int region, long[] frames) = scene.Fill("hugeshmem", 512);
        Assert.All(frames[1..], frame => Assert.True(scene.Pages.Flags(frame).HasFlag(PageFlags.CompoundTail)));
        scene.Pages.MarkIdle(frames);
        long split = MappingsSplit();

        scene.Process.Do("read", region, Touched);
        scene.Process.Do("unmap", region, 256, 256);

        Assert.True(scene.Pages.IsIdle(frames[0]));
        Assert.Equal(split + 1, MappingsSplit());

        static long MappingsSplit() => long.Parse(
            File.ReadLines("/proc/vmstat").Single(line => line.StartsWith("thp_split_pmd ", StringComparison.Ordinal))["thp_split_pmd ".Length..], CultureInfo.InvariantCulture);
    }

    [Fact]
    public void A_page_of_a_file_that_is_copied_for_a_private_mapping_keeps_its_mark_though_it_was_used()
    {
        Guest.Require();
        using Scene scene = new();
        (int region, long[] frames) = scene.Fill("file", Pages);
        scene.Pages.MarkIdle(frames);
        scene.Process.Do("cow", region, 0, Pages);
        Assert.DoesNotContain(false, scene.Pages.AreIdle(frames));
    }

    [Theory]
    [InlineData("pread")]
    [InlineData("pwrite")]
    public void Page_cache_that_nobody_maps_loses_its_mark_when_it_is_read_or_written(string command)
    {
        Guest.Require();
        using Scene scene = new();
        (int region, long[] frames) = scene.Fill("file", Pages);
        scene.Process.Do("free", region, 0, Pages); // Out of the page tables; the page cache keeps them.
        scene.Pages.MarkIdle(frames);
        Assert.DoesNotContain(false, scene.Pages.AreIdle(frames));

        scene.Process.Do(command, region, Touched);
        scene.Process.Drain();

        Assert.Equal(AllBut(Touched), scene.Pages.AreIdle(frames));
        Assert.Equal(scene.Cgroup.Inode, scene.Pages.Owner(frames[Touched]));
    }

    [Fact]
    public void A_fresh_page_waits_in_a_batch_where_it_has_an_owner_and_no_mark_can_be_set()
    {
        Guest.Require();
        using Scene scene = new();
        int region = scene.Process.Map("anon", Pages);
        long[] frames = [], waiting = [];
        bool[] idle = [];

        // Whatever else comes on this CPU fills the batch too, and a full one (31 pages) is emptied: so it is tried until some are seen to wait.
        for (int first = 0; first < Pages && waiting.Length == 0; first += 8)
        {
            scene.Process.Do("touch", region, first, 8);
            frames = scene.Process.Frames(region, first, 8);
            scene.Pages.MarkIdle(frames);
            idle = scene.Pages.AreIdle(frames);
            waiting = [.. frames.Where(frame => !scene.Pages.Flags(frame).HasFlag(PageFlags.Lru))];
        }

        Assert.NotEmpty(waiting);
        Assert.All(waiting, frame => Assert.Equal(scene.Cgroup.Inode, scene.Pages.Owner(frame)));
        Assert.All(waiting, frame => Assert.False(idle[Array.IndexOf(frames, frame)]));

        scene.Process.Drain();
        scene.Pages.MarkIdle(waiting);
        Assert.DoesNotContain(false, scene.Pages.AreIdle(waiting));
    }

    [Fact]
    public void What_a_child_reads_that_then_ends_leaves_no_trace()
    {
        Guest.Require();
        using Scene scene = new();
        (int region, long[] frames) = scene.Fill("anon", Pages);
        scene.Pages.MarkIdle(frames);

        scene.Process.Do("childread", region, 0, Pages);

        Assert.DoesNotContain(false, scene.Pages.AreIdle(frames));
    }

    [Fact]
    public void A_locked_page_is_unevictable_and_keeps_its_bit()
    {
        Guest.Require();
        using Scene scene = new();
        (int region, long[] frames) = scene.Fill("anon", Pages);

        scene.Process.Do("mlock", region, 0, Pages);
        scene.Process.Drain();
        const PageFlags Locked = PageFlags.Lru | PageFlags.Unevictable | PageFlags.Mlocked;
        Assert.All(frames, frame => Assert.Equal(Locked, scene.Pages.Flags(frame) & Locked));

        scene.Pages.MarkIdle(frames);
        scene.Process.Do("read", region, Touched);
        Assert.Equal(AllBut(Touched), scene.Pages.AreIdle(frames));
    }

    private static IEnumerable<bool> AllBut(int one) => Enumerable.Range(0, Pages).Select(i => i != one);

    /// <summary>A process in a cgroup, and the view on its pages.</summary>
    private sealed class Scene : IDisposable
    {
        private Ext4Volume? _volume;

        public Scene() => Process = new ScriptedProcess(Cgroup);

        public Cgroup Cgroup { get; } = new("/scripted");

        public ScriptedProcess Process { get; }

        public KernelPages Pages { get; } = new();

        /// <summary>Maps memory, touches all of it, and has it on the LRU lists; gives the region and its frames.</summary>
        public (int Region, long[] Frames) Fill(string kind, int pages)
        {
            if (kind == "file")
                _volume = Ext4Volume.Mount(40);
            int region = Process.Map(kind, pages, _volume is null ? "" : Path.Combine(_volume.MountPoint, "mapped"));
            Process.Do(kind == "file" ? "read" : "touch", region, 0, pages);
            Process.Drain();
            long[] frames = Process.Frames(region, 0, pages);
            Assert.DoesNotContain(-1, frames);
            return (region, frames);
        }

        public void Dispose()
        {
            Pages.Dispose();
            Process.Dispose();
            Cgroup.Dispose();
            _volume?.Dispose();
        }
    }
}
