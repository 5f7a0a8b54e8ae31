using System.Text;

namespace ColdPages.Tests;

/// <summary>What one mapping of smaps says, kept for a test to compare.</summary>
internal readonly record struct SeenMapping(uint Major, uint Minor, string Name, long Rss, long Referenced, long Anonymous);

/// <summary>What a reader makes of a text that a host in memory has as smaps.</summary>
internal sealed record SmapsReading(IReadOnlyList<SeenMapping> Mappings, Errno Error, long BytesRead, int FilesLeftOpen)
{
    /// <param name="text">The file.</param>
    /// <param name="onRead">Cuts or fails a read, by its offset and the bytes that could come.</param>
    public static SmapsReading Of(ReadOnlySpan<byte> text, Func<long, int, IoResult>? onRead = null)
    {
        FakeHost host = new();
        host.Write("/smaps", text.ToArray());
        if (onRead is not null)
            host.OnRead = (_, offset, count) => onRead(offset, count);
        Recorder recorder = new([]);
        Errno error = Smaps.Read(host, "/smaps"u8, ref recorder, out long bytesRead);
        return new SmapsReading(recorder.Mappings, error, bytesRead, host.OpenFiles);
    }

    private readonly record struct Recorder(List<SeenMapping> Mappings) : ISmapsVisitor
    {
        public void Visit(in SmapsMapping mapping) => Mappings.Add(new SeenMapping(
            mapping.Major, mapping.Minor, Encoding.Latin1.GetString(mapping.Name), mapping.Rss, mapping.Referenced, mapping.Anonymous));
    }
}
