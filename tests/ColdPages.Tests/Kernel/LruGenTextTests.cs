using System.Globalization;
using System.Text;
using FsCheck.Xunit;

namespace ColdPages.Tests;

public sealed class LruGenTextTests
{
    internal readonly record struct Row(ulong Id, string Path, int Node, ulong Sequence, ulong Milliseconds, long Anon, long File);

    [Fact]
    public void Real_output_is_read()
    {
        List<Row> rows = Read(Fixture.Read("lru_gen"), out int malformed);
        Assert.Equal(0, malformed);
        Assert.Equal(10, rows.Count);
        Assert.Equal(new Row(1, "/", 0, 0, 64040, 0, 0), rows[0]);
        Assert.Equal(new Row(2, "/a", 0, 1, 47390, 0, 12290), rows.First(row => row.Path == "/a"));
        Assert.Equal(new Row(3, "/b", 0, 6, 5150, 0, 0), rows[^1]);
    }

    [Fact]
    public void Full_output_gives_the_same_rows_and_passes_over_the_rest()
    {
        List<Row> rows = Read(Fixture.Read("lru_gen_full"), out int malformed);
        Assert.Equal(0, malformed);
        Assert.Equal(12, rows.Count);
        Assert.Equal(new Row(1, "/", 0, 2, 64670, 16493, 0), rows[2]);
        Assert.Equal(new Row(2, "/a", 0, 0, 48020, 0, 0), rows[4]); // "0x": no generation of either kind any more.
    }

    [Fact]
    public void Later_kernels_number_memcgs_by_their_inodes()
    {
        List<Row> rows = Read(Fixture.Read("lru_gen.linux-7.2"), out int malformed);
        Assert.Equal(0, malformed);
        Assert.Equal(20, rows.Count);
        Assert.Equal(new Row(72, "/a/b", 0, 2, 2530, 7325, 0), rows[10]);
        Assert.Equal(new Row(91, "/with blank ", 0, 0, 2700, 0, 2584), rows[12]);
        List<Row> full = Read(Fixture.Read("lru_gen_full.linux-7.2"), out malformed);
        Assert.Equal(0, malformed);
        Assert.Equal(rows[8..16].Select(row => (row.Id, row.Path, row.Sequence, row.Anon)), full.Select(row => (row.Id, row.Path, row.Sequence, row.Anon)));
    }

    [Fact]
    public void Paths_may_hold_blanks_ids_64_bits_and_memcgs_several_nodes()
    {
        List<Row> rows = Read(
            "memcg 18446744073709551615 /a b/memcg 7 \n node     0\n          4        270          1           2 \n node    12\n          5          0          3           4 \n"u8,
            out int malformed);
        Assert.Equal(0, malformed);
        Assert.Equal(
            [new Row(ulong.MaxValue, "/a b/memcg 7 ", 0, 4, 270, 1, 2), new Row(ulong.MaxValue, "/a b/memcg 7 ", 12, 5, 0, 3, 4)], rows);
    }

    [Theory]
    [InlineData("memcg     1 \n node     0\n          0      64040          0           0 ", "", 1)]
    [InlineData("memcg     0 /gone\n node     0\n          0      64040          0           0", "/gone", 1)]
    [InlineData("memcg     1\n node     0\n          0      64040          0           0 \n", "", 1)]
    public void What_a_kernel_without_cgroups_or_at_the_end_of_its_text_writes_is_read(string text, string path, int count)
    {
        List<Row> rows = Read(Encoding.UTF8.GetBytes(text), out int malformed);
        Assert.Equal((0, count), (malformed, rows.Count));
        Assert.Equal(path, rows[0].Path);
    }

    [Theory]
    [InlineData("          0      64040          0           0 \n")] // Before any memcg.
    [InlineData("memcg     1 /a\n          0      64040          0           0 \n")] // Before any node.
    [InlineData("memcg     1 /a\n node     x\n")]
    [InlineData("memcg     1 /a\n node 4294967296\n")]
    [InlineData("memcg x /a\n")]
    [InlineData("memcg 18446744073709551616 /a\n")]
    [InlineData("memcg     1 /a\n node     0\n          0      64040          0 \n")] // Cut short.
    [InlineData("memcg     1 /a\n node     0\n          0      64040          0           0           0 \n")]
    [InlineData("memcg     1 /a\n node     0\n          0      64040          0  9223372036854775808 \n")]
    [InlineData("memcg     1 /a\n node     0\n 99999999999999999999      64040          0           0 \n")]
    [InlineData("memcg     1 /a\n node     0\n         -1      64040          0           0 \n")]
    [InlineData("memcg     1 /a\n node     0\n          0      64040          0y          0 \n")]
    [InlineData("what is this\n")]
    public void A_line_that_is_none_of_these_is_counted_and_gives_nothing(string text)
    {
        List<Row> rows = Read(Encoding.UTF8.GetBytes(text), out int malformed);
        Assert.Empty(rows);
        Assert.Equal(1, malformed);
    }

    [Fact]
    public void What_follows_a_head_that_could_not_be_understood_belongs_to_nobody()
    {
        List<Row> rows = Read(
            "memcg 1 /a\n node 0\n 1 2 3 4 \nmemcg ? /b\n node 0\n 1 2 3 4 \nmemcg 3 /c\n node 0\n 5 6 7 8 \n"u8, out int malformed);
        Assert.Equal(["/a", "/c"], rows.Select(row => row.Path));
        Assert.Equal(3, malformed);
    }

    // Two that were removed from below one have the same number up to 6.12; a line that is none takes nothing from the next.
    [Fact]
    public void The_first_generation_of_each_memcg_on_each_node_is_told()
    {
        LruGenText rows = new("memcg     0 /a\n node     0\n          3          1          1          1 \n          4          1          1          1 \n node     1\n          7          1          1          1 \n"u8
            + "memcg     0 /a\n node     0\nnonsense\n          2          1          1          1 \n          3          1          1          1 \n"u8);
        List<bool> first = [];
        while (rows.MoveNext())
            first.Add(rows.Current.IsFirst);
        Assert.Equal([true, false, true, true, false], first);
    }

    [Property]
    public void What_was_written_is_read(ulong id, byte node, (ulong Sequence, uint Milliseconds, uint Anon, uint File)[] generations)
    {
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"memcg {id,5} /x y\n node {node,5}\n");
        foreach ((ulong sequence, uint milliseconds, uint anon, uint file) in generations)
            text.Append(CultureInfo.InvariantCulture, $" {sequence,10} {milliseconds,10} {anon,10}  {file,10} \n");
        Assert.Equal(
            generations.Select(row => new Row(id, "/x y", node, row.Sequence, row.Milliseconds, row.Anon, row.File)),
            Read(Encoding.UTF8.GetBytes(text.ToString()), out int malformed));
        Assert.Equal(0, malformed);
    }

    // Latin-1: paths are bytes, and no two of them are to look the same.
    internal static List<Row> Read(ReadOnlySpan<byte> text, out int malformed)
    {
        List<Row> rows = [];
        LruGenText generations = new(text);
        while (generations.MoveNext())
        {
            LruGeneration row = generations.Current;
            rows.Add(new Row(row.MemcgId, Encoding.Latin1.GetString(row.Path), row.Node, row.Sequence, row.AgeMilliseconds, row.AnonPages, row.FilePages));
        }

        malformed = generations.Malformed;
        return rows;
    }
}
