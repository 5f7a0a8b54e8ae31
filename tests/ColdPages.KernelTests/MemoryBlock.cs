using System.Globalization;

namespace ColdPages.KernelTests;

/// <summary>A block of the machine's memory that is out while this lives: the kernel moves what is in it elsewhere.</summary>
internal sealed class MemoryBlock : IDisposable
{
    private const string Folder = "/sys/devices/system/memory";

    private readonly string _state;

    private MemoryBlock(string state) => _state = state;

    /// <summary>Takes out the block with the most of some frames that the kernel lets go.</summary>
    public static MemoryBlock TakeOut(long[] frames)
    {
        long size = long.Parse(File.ReadAllText($"{Folder}/block_size_bytes"), NumberStyles.HexNumber, CultureInfo.InvariantCulture) / 4096;
        foreach (IGrouping<long, long> block in frames.Where(frame => frame != 0).GroupBy(frame => frame / size).OrderByDescending(block => block.Count()))
        {
            string state = $"{Folder}/memory{block.Key}/state";
            try
            {
                KernelText.Write(state, "offline");
                TestContext.Current.TestOutputHelper?.WriteLine($"block {block.Key} is out, with {block.Count() / 256} MiB");
                return new MemoryBlock(state);
            }
            catch (IOException e)
            {
                TestContext.Current.TestOutputHelper?.WriteLine($"block {block.Key} stays: {e.Message}"); // The kernel has something of its own there.
            }
        }

        throw new InvalidOperationException("No block of memory could be taken out.");
    }

    public void Dispose() => KernelText.Write(_state, "online");
}
