namespace ColdPages.Simulation;

/// <summary>What a page frame is.</summary>
internal enum FrameState : byte
{
    /// <summary>Free since boot: its flags read 0.</summary>
    NeverUsed,

    /// <summary>Free, and with the buddy allocator.</summary>
    Buddy,

    /// <summary>Free, in a CPU's list of free pages: its flags read 0.</summary>
    CpuList,

    Used,

    /// <summary>Not memory, though the kernel keeps a page structure for it: its flags read 0.</summary>
    Hole,

    /// <summary>In a memory section that is not online: NOPAGE.</summary>
    Offline,
}
