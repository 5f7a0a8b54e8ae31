namespace ColdPages.KernelTests;

/// <summary>The multi-generational LRU as somebody else would use it.</summary>
internal static class Generations
{
    private const string LruGen = "/sys/kernel/debug/lru_gen";

    /// <summary>Makes a new generation of a memcg's pages on the first node: clears the accessed bits of its processes.</summary>
    public static void Make(string memcg)
    {
        string[] lines = File.ReadAllLines(LruGen);

        // One of that name that was removed may be listed too, up to 6.12 with the number 0, and before the one that is there.
        int head = Array.FindLastIndex(
            lines, line => line.StartsWith("memcg ", StringComparison.Ordinal) && line.EndsWith(" " + memcg, StringComparison.Ordinal) && !line.StartsWith("memcg     0 ", StringComparison.Ordinal));
        string id = lines[head].Split(' ', StringSplitOptions.RemoveEmptyEntries)[1];
        int end = Array.FindIndex(lines, head + 1, line => line.StartsWith("memcg ", StringComparison.Ordinal));
        string youngest = lines[(end < 0 ? lines.Length : end) - 1].Split(' ', StringSplitOptions.RemoveEmptyEntries)[0];
        KernelText.Write(LruGen, $"+ {id} 0 {youngest} 1 1\n");
    }

    /// <summary>All generations of all memcgs, without their ages and sizes.</summary>
    public static string Sequences() =>
        string.Join('\n', File.ReadAllLines(LruGen).Select(line => line.StartsWith("   ", StringComparison.Ordinal) ? line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[0] : line));
}
