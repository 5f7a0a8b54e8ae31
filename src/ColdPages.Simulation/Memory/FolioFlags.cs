namespace ColdPages.Simulation;

/// <summary>What the kernel knows of a folio in bits: page flags, and the accessed bits of all its mappings as one.</summary>
[Flags]
internal enum FolioFlags
{
    None = 0,

    /// <summary>Some process has it in its page tables.</summary>
    Mapped = 1 << 0,

    /// <summary>The accessed bit of some mapping is set; it counts only while the folio is mapped.</summary>
    Accessed = 1 << 1,

    Idle = 1 << 2,
    Young = 1 << 3,

    /// <summary>Somebody holds the folio lock.</summary>
    Locked = 1 << 4,

    Referenced = 1 << 5,
    Active = 1 << 6,

    /// <summary>Locked into memory by mlock: on the list of the unevictable.</summary>
    Mlocked = 1 << 7,

    /// <summary>Only swap can take it: anonymous memory (but for MADV_FREE) and shmem.</summary>
    SwapBacked = 1 << 8,

    Dirty = 1 << 9,
    SwapCache = 1 << 10,

    /// <summary>Known to be used again and again; the multi-generational LRU alone asks.</summary>
    WorkingSet = 1 << 11,

    /// <summary>Being written back.</summary>
    Writeback = 1 << 12,
}
