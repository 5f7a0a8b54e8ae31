namespace ColdPages;

/// <summary>The numbers of a <see cref="NodeDetail"/>, by their place.</summary>
internal enum NodeDetailItem
{
    Anon,
    File,
    Shmem,
    Unevictable,
    Count,
}
