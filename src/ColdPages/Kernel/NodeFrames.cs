using System.Buffers.Text;

namespace ColdPages;

/// <summary>Which NUMA node a page frame lies on, by the zones of /proc/zoneinfo (mm/vmstat.c).</summary>
/// <remarks>
/// Not by the folders of /sys/devices/system/node: a memory block, up to 2 GiB, can have frames of two nodes, and kernels without memory hotplug have none. Zones end on the frame; what
/// the zones of two nodes both span, as where their memory is interleaved, is of no node that is known.
/// </remarks>
internal sealed class NodeFrames
{
    private readonly List<Zone> _zones = [];
    private long _from;
    private long _to;
    private int _found = -1;

    private NodeFrames()
    {
    }

    /// <summary>Frames of one zone, by their node's place in <see cref="Nodes"/>.</summary>
    private readonly record struct Zone(int Node, long First, long End);

    /// <summary>The nodes that have memory, by number.</summary>
    public int[] Nodes { get; private set; } = [];

    public static NodeFrames Read(KernelFiles files)
    {
        using FileText text = FileText.Rent();
        return text.Load(files, "/proc/zoneinfo"u8) == Errno.None ? Parse(text.Bytes) : new NodeFrames();
    }

    /// <summary>"Node 0, zone   Normal", then lines of numbers, of which "spanned" comes before "start_pfn:". Zones without memory have no start.</summary>
    public static NodeFrames Parse(ReadOnlySpan<byte> text)
    {
        List<(int Node, long First, long End)> zones = [];
        int node = -1;
        long spanned = 0;
        foreach (ReadOnlySpan<byte> line in new TextLines(text))
        {
            if (line.StartsWith("Node "u8))
                node = Utf8Parser.TryParse(line["Node "u8.Length..], out int number, out _) ? number : -1;
            else if (node >= 0 && KeyedNumber.TryParse(line, out ReadOnlySpan<byte> key, out long value))
            {
                if (key.SequenceEqual("spanned"u8))
                    spanned = value;
                else if (key.SequenceEqual("start_pfn"u8))
                    zones.Add((node, value, value + spanned));
            }
        }

        NodeFrames frames = new() { Nodes = [.. zones.Select(zone => zone.Node).Distinct().Order()] };
        foreach ((int owner, long first, long end) in zones)
            frames._zones.Add(new Zone(Array.BinarySearch(frames.Nodes, owner), first, end));
        return frames;
    }

    /// <summary>Leaves out the nodes beyond so many; what lies on those is of no node that is known.</summary>
    public void LimitTo(int nodes)
    {
        if (Nodes.Length <= nodes)
            return;
        Nodes = Nodes[..Math.Max(0, nodes)];
        _zones.RemoveAll(zone => zone.Node >= Nodes.Length);
    }

    /// <summary>The place in <see cref="Nodes"/> of the node that a frame lies on; -1 where that is not known.</summary>
    public int IndexOf(long frame)
    {
        // Frames are asked about in order, and few zones follow each other.
        if (frame < _from || frame >= _to)
            Find(frame);
        return _found;
    }

    private void Find(long frame)
    {
        _found = -1;
        _from = 0;
        _to = long.MaxValue;
        bool isShared = false;
        foreach (Zone zone in _zones)
        {
            Bound(zone.First, frame);
            Bound(zone.End, frame);
            if (frame < zone.First || frame >= zone.End)
                continue;
            isShared |= _found >= 0 && _found != zone.Node;
            _found = zone.Node;
        }

        if (isShared)
            _found = -1;
    }

    private void Bound(long edge, long frame)
    {
        if (edge <= frame)
            _from = Math.Max(_from, edge);
        else
            _to = Math.Min(_to, edge);
    }
}
