namespace ColdPages;

/// <summary>The host's memory at the end of a pass, in bytes. Source: /proc/meminfo.</summary>
/// <param name="TotalBytes">MemTotal.</param>
/// <param name="AvailableBytes">MemAvailable.</param>
/// <param name="SwapTotalBytes">SwapTotal; 0 without swap, and then no anonymous page can be reclaimed.</param>
/// <param name="SwapFreeBytes">SwapFree.</param>
/// <param name="PageSize">Bytes of a page.</param>
public readonly record struct HostMemory(long TotalBytes, long AvailableBytes, long SwapTotalBytes, long SwapFreeBytes, int PageSize);
