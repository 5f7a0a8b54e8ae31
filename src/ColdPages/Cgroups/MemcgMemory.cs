namespace ColdPages;

/// <summary>
/// What a memcg says of its own memory, its descendants included, in bytes. A limit that is not set is <see cref="NoLimit"/>. Null is a
/// number that is not known: this kernel or cgroup version does not tell, or it could not be read.
/// </summary>
/// <remarks>Source: memory.* of cgroup v2 (Documentation/admin-guide/cgroup-v2.rst) or v1 (cgroup-v1/memory.rst).</remarks>
public readonly record struct MemcgMemory
{
    // A snapshot holds ten thousand of these, and a long? takes 16 bytes: each is kept as its value + 1, and 0 is null.
    private readonly long _currentBytes;
    private readonly long _localBytes;
    private readonly long _swapBytes;
    private readonly long _minBytes;
    private readonly long _lowBytes;
    private readonly long _highBytes;
    private readonly long _maxBytes;
    private readonly long _swapMaxBytes;
    private readonly long _anonBytes;
    private readonly long _fileBytes;
    private readonly long _shmemBytes;
    private readonly long _fileMappedBytes;
    private readonly long _fileDirtyBytes;
    private readonly long _unevictableBytes;

    /// <summary>A limit that is not set ("max"): more than any memory.</summary>
    public const long NoLimit = long.MaxValue;

    /// <summary>Memory charged, kernel memory included: memory.current, v1 memory.usage_in_bytes. The v2 root has none.</summary>
    public long? CurrentBytes { get => Get(_currentBytes); init => _currentBytes = Put(value); }

    /// <summary>As <see cref="CurrentBytes"/>, less what its child memcgs are charged: its own.</summary>
    public long? LocalBytes { get => Get(_localBytes); init => _localBytes = Put(value); }

    /// <summary>Swap charged: memory.swap.current, v1 from memory.stat.</summary>
    public long? SwapBytes { get => Get(_swapBytes); init => _swapBytes = Put(value); }

    /// <summary>memory.min: never reclaimed below this.</summary>
    public long? MinBytes { get => Get(_minBytes); init => _minBytes = Put(value); }

    /// <summary>memory.low: reclaimed below this only if nothing else can be.</summary>
    public long? LowBytes { get => Get(_lowBytes); init => _lowBytes = Put(value); }

    /// <summary>memory.high: above this its processes are slowed down and reclaimed from.</summary>
    public long? HighBytes { get => Get(_highBytes); init => _highBytes = Put(value); }

    /// <summary>memory.max, v1 memory.limit_in_bytes.</summary>
    public long? MaxBytes { get => Get(_maxBytes); init => _maxBytes = Put(value); }

    /// <summary>memory.swap.max.</summary>
    public long? SwapMaxBytes { get => Get(_swapMaxBytes); init => _swapMaxBytes = Put(value); }

    /// <summary>Anonymous memory, of memory.stat.</summary>
    public long? AnonBytes { get => Get(_anonBytes); init => _anonBytes = Put(value); }

    /// <summary>Page cache, shared memory included, of memory.stat.</summary>
    public long? FileBytes { get => Get(_fileBytes); init => _fileBytes = Put(value); }

    /// <summary>Shared memory and tmpfs, of memory.stat.</summary>
    public long? ShmemBytes { get => Get(_shmemBytes); init => _shmemBytes = Put(value); }

    /// <summary>Page cache that some process has mapped, of memory.stat.</summary>
    public long? FileMappedBytes { get => Get(_fileMappedBytes); init => _fileMappedBytes = Put(value); }

    /// <summary>Page cache not yet written back, of memory.stat.</summary>
    public long? FileDirtyBytes { get => Get(_fileDirtyBytes); init => _fileDirtyBytes = Put(value); }

    /// <summary>Memory that reclaim can't touch, such as mlocked pages, of memory.stat.</summary>
    public long? UnevictableBytes { get => Get(_unevictableBytes); init => _unevictableBytes = Put(value); }

    private static long? Get(long kept) => kept == 0 ? null : unchecked(kept - 1);

    private static long Put(long? value)
    {
        if (value < 0)
            throw new ArgumentOutOfRangeException(nameof(value), value, "A number of bytes is not negative.");
        return value is null ? 0 : unchecked(value.Value + 1);
    }
}
