namespace ColdPages;

/// <summary>What a run has cost so far, its first pass included.</summary>
public sealed class ScanCost : IEquatable<ScanCost>
{
    internal ScanCost(
        TimeSpan userCpu, TimeSpan kernelCpu, IDictionary<string, long> entriesRead, IDictionary<string, long> entriesWritten, long stateBytes)
    {
        UserCpu = userCpu;
        KernelCpu = kernelCpu;
        EntriesRead = entriesRead.AsReadOnly();
        EntriesWritten = entriesWritten.AsReadOnly();
        StateBytes = stateBytes;
    }

    /// <summary>CPU of the scanning threads in user mode.</summary>
    public TimeSpan UserCpu { get; }

    /// <summary>CPU of the scanning threads in the kernel, which is where a scan's cost lies.</summary>
    public TimeSpan KernelCpu { get; }

    /// <summary>
    /// Entries read of each kernel file that tells of pages; those of /proc/PID/... are summed under that name. An entry is 8 bytes, of the idle bitmap a page's bit. Not counted: the files that a memcg or the host
    /// has for its sums, such as memory.stat.
    /// </summary>
    public IReadOnlyDictionary<string, long> EntriesRead { get; }

    /// <summary>Entries written to each kernel file: of the idle bitmap the bits that were set; a write to clear_refs and a command to the multi-generational LRU count as one.</summary>
    public IReadOnlyDictionary<string, long> EntriesWritten { get; }

    /// <summary>Bytes of memory kept from pass to pass.</summary>
    public long StateBytes { get; }

    /// <inheritdoc/>
    public bool Equals(ScanCost? other) =>
        other is not null && UserCpu == other.UserCpu && KernelCpu == other.KernelCpu && StateBytes == other.StateBytes
        && EntriesRead.SequenceEqual(other.EntriesRead) && EntriesWritten.SequenceEqual(other.EntriesWritten);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as ScanCost);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(UserCpu, KernelCpu, StateBytes);
}
