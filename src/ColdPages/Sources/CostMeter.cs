using System.Runtime.InteropServices;

namespace ColdPages;

/// <summary>Counts what a run asks of the kernel, by file. An entry is 8 bytes; of the idle bitmap, a page's bit.</summary>
internal sealed class CostMeter
{
    private const int EntryBytes = sizeof(ulong);

    private readonly Dictionary<string, long> _bytesRead = [];
    private readonly Dictionary<string, long> _bytesWritten = [];

    /// <summary>CPU of the scanning thread.</summary>
    public CpuTime Cpu { get; set; }

    public void Read(string file, long bytes) => Add(_bytesRead, file, bytes);

    public void Write(string file, long bytes) => Add(_bytesWritten, file, bytes);

    public void ReadEntries(string file, long entries) => Add(_bytesRead, file, entries * EntryBytes);

    public void WriteEntries(string file, long entries) => Add(_bytesWritten, file, entries * EntryBytes);

    public SortedDictionary<string, long> EntriesRead() => ToEntries(_bytesRead);

    public SortedDictionary<string, long> EntriesWritten() => ToEntries(_bytesWritten);

    private static void Add(Dictionary<string, long> counts, string file, long bytes) =>
        CollectionsMarshal.GetValueRefOrAddDefault(counts, file, out _) += bytes;

    private static SortedDictionary<string, long> ToEntries(Dictionary<string, long> counts)
    {
        SortedDictionary<string, long> entries = new(StringComparer.Ordinal);
        foreach ((string file, long bytes) in counts)
            entries[file] = (bytes + EntryBytes - 1) / EntryBytes;
        return entries;
    }
}
