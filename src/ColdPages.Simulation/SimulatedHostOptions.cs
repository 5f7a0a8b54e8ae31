using System.Diagnostics.CodeAnalysis;

namespace ColdPages.Simulation;

/// <summary>What a simulated host is like.</summary>
public sealed record SimulatedHostOptions
{
    /// <summary>Bytes of a page: 4096, 16384 or 65536.</summary>
    public int PageSize { get; init; } = 4096;

    /// <summary>Its number of page frames; it need not be a multiple of 64.</summary>
    public int Frames { get; init; } = 65_536;

    /// <summary>Its number of CPUs.</summary>
    public int Cpus { get; init; } = 2;

    /// <summary>Its swap space in bytes.</summary>
    public long SwapBytes { get; init; } = 1L << 30;

    /// <summary>The kernel that it says it runs.</summary>
    public string KernelRelease { get; init; } = "6.12.95";

    /// <summary>Whether it has /sys/kernel/mm/page_idle/bitmap.</summary>
    public bool HasIdlePageTracking { get; init; } = true;

    /// <summary>Whether it has the multi-generational LRU, switched on: /sys/kernel/debug/lru_gen and /sys/kernel/mm/lru_gen.</summary>
    public bool HasMultiGenLru { get; init; }

    /// <summary>By how many pages (or events) each number of memory.stat may be late; 0 to have it exact.</summary>
    public int StatLag { get; init; }

    /// <summary>What its clock shows at the beginning.</summary>
    public DateTimeOffset StartTime { get; init; } = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Workloads make a step each time that so much has gone by.</summary>
    public TimeSpan WorkloadStep { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Frames of a memory section; null for the usual number.</summary>
    internal int? FramesPerSection { get; init; }

    /// <summary>How many fresh folios of one page wait, on no LRU list, until they are put there together; 31 on a real CPU. 0: none waits.</summary>
    internal int FreshBatch { get; init; }

    /// <summary>Whether the idle bitmap passes over anonymous folios whose lock is taken, as 7.x does; 6.12 asks for the lock of others only.</summary>
    internal bool AnonNeedsLock { get; init; }

    /// <summary>Whether kpageflags shows a tail's own flags, as kernels before 6.11 do, and not its folio's.</summary>
    internal bool TailsHaveOwnFlags { get; init; }

    /// <summary>Whether kpageflags shows KSM on every anonymous page, as 6.12 to 6.18 do.</summary>
    internal bool ShowsKsmOnAnon { get; init; } = true;

    /// <summary>
    /// Whether the multi-generational LRU is that of 7.2 and not that of 6.12: memcgs go by their cgroup's id, what a removed one has becomes its parent's, fresh page cache begins in the
    /// oldest generation and can stay there for good, and a command that names a generation that is not the youngest any more makes one all the same.
    /// </summary>
    internal bool HasNewLruGen { get; init; }

    /// <summary>NUMA nodes, of as many frames each.</summary>
    internal int Nodes { get; init; } = 1;

    /// <summary>What it takes to read or write one entry of a kernel file, in nanoseconds of simulated time.</summary>
    internal int NanosecondsPerEntry { get; init; } = 50;

    [SuppressMessage("Usage", "MA0015", Justification = "What is wrong is a property of the options, and it is that which has a name for the caller.")]
    internal void Validate()
    {
        if (PageSize is not (4096 or 16384 or 65536))
            throw new ArgumentException($"A page has 4096, 16384 or 65536 bytes, not {PageSize}.", nameof(PageSize));
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(Frames);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(Cpus);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(Nodes);
        ArgumentOutOfRangeException.ThrowIfNegative(SwapBytes);
        ArgumentOutOfRangeException.ThrowIfNegative(StatLag);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(WorkloadStep, TimeSpan.Zero);
        ArgumentException.ThrowIfNullOrEmpty(KernelRelease);
    }
}
