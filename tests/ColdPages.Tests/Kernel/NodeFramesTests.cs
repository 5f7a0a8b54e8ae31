using System.Text;

namespace ColdPages.Tests;

public sealed class NodeFramesTests
{
    // Two nodes; one with a zone of devices and one that has no memory of its own in its second zone.
    private const string Two = """
        Node 0, zone      DMA
          per-node stats
              nr_inactive_anon 322462
              nr_unevictable 3266
          pages free     3840
                boost    0
                min      36
                spanned  4095
                present  3998
                managed  3840
                protection: (0, 3018, 6986, 6986, 6986)
              nr_free_pages 3840
          pagesets
            cpu: 0
                      count:    0
                      high:     0
          vm stats threshold: 4
          node_unreclaimable:  0
          start_pfn:           1
        Node 0, zone    DMA32
          pages free     700000
                spanned  1044480
                present  782304
          node_unreclaimable:  0
          start_pfn:           4096
        Node 0, zone   Normal
          pages free     0
                spanned  0
                present  0
        Node 8, zone   Normal
          pages free     10
                spanned  262144
          start_pfn:           1048576

        """;

    [Fact]
    public void A_frame_is_of_the_node_whose_zone_spans_it()
    {
        NodeFrames frames = Parse(Two);
        Assert.Equal([0, 8], frames.Nodes);
        Assert.Equal([-1, 0, 0, 0, 0, 1, 1, -1], new long[] { 0, 1, 4095, 4096, 1048575, 1048576, 1310719, 1310720 }.Select(frames.IndexOf));

        // Asked about in no order.
        Assert.Equal([1, -1, 0, 1], new long[] { 1048576, 2000000, 5000, 1300000 }.Select(frames.IndexOf));
    }

    [Fact]
    public void What_two_nodes_both_span_is_of_none_that_is_known()
    {
        NodeFrames frames = Parse("Node 0, zone Normal\n spanned 100\n start_pfn: 0\nNode 1, zone Normal\n spanned 20\n start_pfn: 40\nNode 0, zone Movable\n spanned 20\n start_pfn: 90\n");
        Assert.Equal([0, 0, -1, -1, 0, 0, 0, -1], new long[] { 0, 39, 40, 59, 60, 95, 109, 110 }.Select(frames.IndexOf));
    }

    [Theory]
    [InlineData("")]
    [InlineData("Node 0, zone Normal\n spanned 100\n")]
    [InlineData("Node x, zone Normal\n spanned 100\n start_pfn: 0\n")]
    [InlineData(" spanned 100\n start_pfn: 0\n")]
    public void Where_nothing_is_told_no_frame_is_of_a_node(string text)
    {
        NodeFrames frames = Parse(text);
        Assert.Empty(frames.Nodes);
        Assert.Equal(-1, frames.IndexOf(0));
    }

    [Fact]
    public void Nodes_beyond_those_that_there_is_room_for_are_not_told_apart()
    {
        NodeFrames frames = Parse(Two);
        frames.LimitTo(1);
        Assert.Equal([0], frames.Nodes);
        Assert.Equal([0, -1], new long[] { 5000, 1048576 }.Select(frames.IndexOf));
        frames.LimitTo(-3);
        Assert.Empty(frames.Nodes);
    }

    [Fact]
    public void A_host_without_the_file_has_no_nodes() => Assert.Empty(NodeFrames.Read(new FakeHost()).Nodes);

    private static NodeFrames Parse(string text) => NodeFrames.Parse(Encoding.UTF8.GetBytes(text));
}
