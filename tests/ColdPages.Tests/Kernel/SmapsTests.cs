using System.Text;
using FsCheck.Xunit;

namespace ColdPages.Tests;

public sealed class SmapsTests
{
    private const long KiB = 1024;

    /// <summary>Of a real kernel, its end cut off within the sixteenth mapping.</summary>
    private static readonly byte[] s_sample = Fixture.Read("smaps.head");

    private static readonly IReadOnlyList<SeenMapping> s_whole = SmapsReading.Of(s_sample).Mappings;

    [Fact]
    public void A_real_text_gives_every_whole_mapping()
    {
        SmapsReading reading = SmapsReading.Of(s_sample);
        Assert.Equal(Errno.None, reading.Error);
        Assert.Equal(s_sample.Length, reading.BytesRead);
        Assert.Equal(15, reading.Mappings.Count);
        Assert.Equal(new SeenMapping(0, 0x12, "/usr/bin/probe", 28 * KiB, 28 * KiB, 0), reading.Mappings[0]);
        Assert.Equal(new SeenMapping(0, 0x12, "/usr/bin/probe", 1220 * KiB, 1220 * KiB, 0), reading.Mappings[1]);
        Assert.Equal(new SeenMapping(0, 0x12, "/usr/bin/probe", 16 * KiB, 16 * KiB, 16 * KiB), reading.Mappings[6]);
        Assert.Equal(new SeenMapping(0, 0, "", 316 * KiB, 316 * KiB, 316 * KiB), reading.Mappings[7]);
        Assert.Equal(new SeenMapping(0, 0, "[heap]", 52 * KiB, 52 * KiB, 52 * KiB), reading.Mappings[8]);
        Assert.Equal(new SeenMapping(0, 0, "", 0, 0, 0), reading.Mappings[9]);
        Assert.Equal(2096 * KiB, reading.Mappings.Sum(mapping => mapping.Rss));
    }

    [Property]
    public void The_same_mappings_are_visited_whatever_sizes_the_reads_come_in(byte[] sizes)
    {
        int reads = 0;
        SmapsReading reading = SmapsReading.Of(
            s_sample, (_, count) => IoResult.Done(Math.Min(count, sizes.Length == 0 ? 1 : 1 + (sizes[reads++ % sizes.Length] % 100))));
        Assert.Equal(Errno.None, reading.Error);
        Assert.Equal(s_sample.Length, reading.BytesRead);
        Assert.Equal(s_whole, reading.Mappings);
    }

    [Fact]
    public void A_text_cut_anywhere_gives_the_mappings_that_are_whole_and_no_part_of_one()
    {
        int whole = 0;
        for (int length = 0; length <= s_sample.Length; length++)
        {
            ReadOnlySpan<byte> cut = s_sample.AsSpan(0, length);

            // VmFlags is the last line of each mapping.
            if (cut.EndsWith("\n"u8) && cut[..^1].LastIndexOf((byte)'\n') is int before && cut[(before + 1)..].StartsWith("VmFlags:"u8))
                whole++;
            SmapsReading reading = SmapsReading.Of(cut);
            Assert.Equal(Errno.None, reading.Error);
            Assert.Equal(s_whole.Take(whole), reading.Mappings);
        }

        Assert.Equal(15, whole);
    }

    [Fact]
    public void A_text_many_times_the_buffer_is_read_to_its_end()
    {
        byte[] mapping = s_sample[..s_sample.AsSpan().IndexOf("5655302cd000-"u8)];
        byte[] text = [.. Enumerable.Repeat(mapping, 500).SelectMany(bytes => bytes)];
        SmapsReading reading = SmapsReading.Of(text);
        Assert.Equal(text.Length, reading.BytesRead);
        Assert.Equal(Enumerable.Repeat(s_whole[0], 500), reading.Mappings);
    }

    [Fact]
    public void An_empty_text_is_no_error_and_no_bytes()
    {
        SmapsReading reading = SmapsReading.Of([]);
        Assert.Equal((Errno.None, 0L), (reading.Error, reading.BytesRead));
        Assert.Empty(reading.Mappings);
    }

    [Theory]
    [InlineData((int)Errno.ESRCH)]
    [InlineData((int)Errno.EIO)]
    public void An_error_half_way_comes_back_and_leaves_no_open_file(int errno)
    {
        SmapsReading reading = SmapsReading.Of(
            s_sample, (offset, count) => offset < 2000 ? IoResult.Done(Math.Min(count, 500)) : IoResult.Failed((Errno)errno));
        Assert.Equal((Errno)errno, reading.Error);
        Assert.Equal(2000, reading.BytesRead);
        Assert.Equal(s_whole.Take(reading.Mappings.Count), reading.Mappings);
        Assert.Equal(0, reading.FilesLeftOpen);
    }

    [Fact]
    public void A_file_that_cannot_be_opened_gives_its_errno()
    {
        FakeHost host = new() { OnOpen = static (_, _) => Errno.EACCES };
        NoVisitor visitor = default;
        Assert.Equal(Errno.EACCES, Smaps.Read(host, "/proc/1/smaps"u8, ref visitor, out long bytesRead));
        Assert.Equal(0, bytesRead);
    }

    [Fact]
    public void A_file_that_is_no_smaps_is_refused_and_not_kept_in_memory()
    {
        SmapsReading endless = SmapsReading.Of(new byte[1 << 20]);
        Assert.Equal(Errno.EINVAL, endless.Error);
        Assert.InRange(endless.BytesRead, 1, (1 << 20) - 1);
        Assert.Equal(0, endless.FilesLeftOpen);
    }

    [Theory]
    [InlineData("/a file with blanks", "/a file with blanks")]
    [InlineData("/gone (deleted)", "/gone (deleted)")]
    [InlineData("/a\\012b", "/a\\012b")]
    [InlineData("[anon: a name]", "[anon: a name]")]
    [InlineData("/\u00ff\u001b", "/\u00ff\u001b")]
    public void A_name_is_all_that_stands_behind_the_inode(string written, string expected)
    {
        byte[] text = Encoding.Latin1.GetBytes(new FakeMapping { Rss = 8192, Device = "fd:01", Name = written }.Smaps(0));
        SeenMapping mapping = Assert.Single(SmapsReading.Of(text).Mappings);
        Assert.Equal(expected, mapping.Name);
        Assert.Equal((0xfdu, 1u), (mapping.Major, mapping.Minor));
    }

    [Property]
    public void No_bytes_make_it_throw(byte[] bytes)
    {
        // The letters of smaps itself, in any order.
        const string Alphabet = "0af-: \nRsVmFlagRefencdAoyukB";
        byte[] text = [.. bytes.SelectMany(value => new[] { (byte)Alphabet[value % Alphabet.Length], value })];
        SmapsReading reading = SmapsReading.Of(text, (_, count) => IoResult.Done(Math.Min(count, 3)));
        Assert.Equal(Errno.None, reading.Error);
        Assert.Equal(0, reading.FilesLeftOpen);
    }

    private readonly struct NoVisitor : ISmapsVisitor
    {
        public void Visit(in SmapsMapping mapping) => Assert.Fail("There is no mapping.");
    }
}
