using System.Text;
using FsCheck.Xunit;

namespace ColdPages.Tests;

public sealed class MemoryStatTests
{
    private const long MiB = 1L << 20;

    [Fact]
    public void Of_page_cache_on_a_real_kernel()
    {
        MemoryStat stat = MemoryStat.ParseV2(Fixture.Read("memory.stat.file"));
        Assert.Equal((0L, 67117056L, 0L, 0L, 483L), (stat.Anon, stat.File, stat.Shmem, stat.FileMapped, stat.Faults));
        Assert.Equal((67117056L, 0L, (long?)null), (stat.Lru, stat.Unevictable, stat.Swap));
        Assert.Equal([0, 67117056, 0], OnLru(stat));
    }

    [Fact]
    public void Of_anonymous_memory_on_a_real_kernel()
    {
        MemoryStat stat = MemoryStat.ParseV2(Fixture.Read("memory.stat.anon"));
        Assert.Equal((128 * MiB, 0L, 128 * MiB, 65536L), (stat.Anon, stat.File, stat.Lru, stat.Faults));
        Assert.Equal([128 * MiB, 0, 0], OnLru(stat));
    }

    [Fact]
    public void The_lists_are_not_kinds()
    {
        // 7 of shared memory on the anonymous lists, 3 anonymous ones given up on the file list, 5 locked, 2 of them page cache.
        MemoryStat stat = Parse("anon 23\nfile 39\nshmem 7\ninactive_anon 20\nactive_anon 4\ninactive_file 20\nactive_file 13\nunevictable 5\n");
        Assert.Equal(62, stat.Lru);
        Assert.Equal([23, 32, 7], OnLru(stat));
    }

    [Theory]
    [InlineData("", null, null, null)]
    [InlineData("anon 5\n", null, null, null)]
    [InlineData("file 5\n", null, 5L, null)] // A kernel without shmem in memory.stat.
    [InlineData("inactive_anon 5\n", null, null, null)]
    [InlineData("file 9\nshmem 12\ninactive_file 4\n", -5L, -3L, 12L)] // Not read at one instant: whoever takes children off clamps.
    [InlineData("file x\nshmem \n 7\nunevictable\n", null, null, null)]
    [InlineData("file 5", null, 5L, null)]
    public void What_is_not_told_is_not_known(string text, long? anon, long? file, long? shmem) =>
        Assert.Equal([anon, file, shmem], OnLru(Parse(text)));

    [Fact]
    public void Of_v1_the_numbers_with_those_of_the_memcgs_below_are_taken()
    {
        byte[] text =
            "cache 40\nrss 10\nshmem 3\nmapped_file 6\ndirty 2\nswap 1\npgfault 8\ninactive_anon 13\nactive_anon 0\ninactive_file 20\nactive_file 17\nunevictable 0\nhierarchical_memory_limit 99\ntotal_cache 400\ntotal_rss 100\ntotal_shmem 30\ntotal_mapped_file 60\ntotal_dirty 20\ntotal_swap 10\ntotal_pgfault 80\ntotal_inactive_anon 130\ntotal_inactive_file 370\ntotal_unevictable 5\n"u8.ToArray();
        MemoryStat all = MemoryStat.ParseV1(text);
        Assert.Equal((100L, 400L, 30L, 10L, 60L, 20L, 505L, 80L), (all.Anon, all.File, all.Shmem, all.Swap, all.FileMapped, all.FileDirty, all.Lru, all.Faults));
        Assert.Equal([105, 370, 30], OnLru(all));
    }

    [Property(MaxTest = 200)]
    public void Kinds_add_up_to_the_lists_and_no_bytes_make_it_throw(byte[] noise, int anon, int file, int shmem)
    {
        byte[] text = [.. Encoding.ASCII.GetBytes($"inactive_anon {anon}\nfile {file}\nshmem {shmem}\n"), .. noise.Prepend((byte)'x')];
        Assert.Equal(anon, OnLru(MemoryStat.ParseV2(text)).Sum());
    }

    private static MemoryStat Parse(string text) => MemoryStat.ParseV2(Encoding.ASCII.GetBytes(text));

    private static long?[] OnLru(MemoryStat stat) => [stat.BytesOnLru(PageKind.Anon), stat.BytesOnLru(PageKind.File), stat.BytesOnLru(PageKind.Shmem)];
}
