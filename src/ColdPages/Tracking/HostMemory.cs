namespace ColdPages;

/// <summary>The host's memory when a snapshot was taken, in bytes. Source: /proc/meminfo.</summary>
public readonly record struct HostMemory
{
    /// <summary>MemTotal.</summary>
    public long TotalBytes { get; init; }

    /// <summary>MemAvailable.</summary>
    public long AvailableBytes { get; init; }

    /// <summary>SwapTotal; 0 without swap, and then no anonymous page can be reclaimed.</summary>
    public long SwapTotalBytes { get; init; }

    /// <summary>SwapFree.</summary>
    public long SwapFreeBytes { get; init; }

    /// <summary>Bytes of a page.</summary>
    public int PageSize { get; init; }
}
