namespace ColdPages;

/// <summary>How the numbers of one memcg's <see cref="IdleDetail"/> lie in an array: for each bin these, then the bytes on each node.</summary>
internal static class IdleDetailLayout
{
    public const int FileClean = 0;
    public const int FileDirty = 1;
    public const int FileWriteback = 2;
    public const int FileMapped = 3;
    public const int Unevictable = 4;
    public const int Mlocked = 5;
    public const int Shared = 6;
    public const int Unknown = 7;

    /// <summary>How many there are, those of the nodes not counted; the place of the first node's.</summary>
    public const int States = 8;

    /// <summary>Numbers a bin.</summary>
    public static int Stride(int nodes) => States + nodes;
}
