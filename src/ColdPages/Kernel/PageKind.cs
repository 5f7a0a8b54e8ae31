namespace ColdPages;

/// <summary>What a page holds, which decides what reclaiming it takes.</summary>
public enum PageKind
{
    /// <summary>Anonymous memory: heap, stack, private copies of file pages. Can only go to swap.</summary>
    Anon = 0,

    /// <summary>Page cache of a file on a real file system. Dropped if clean, written back if dirty.</summary>
    File = 1,

    /// <summary>Shared memory and tmpfs: file pages to their owner, but they can only go to swap.</summary>
    Shmem = 2,
}
