namespace ColdPages;

/// <summary>How the numbers of one memcg's histogram lie in an array: for each bin its kinds, then its excess.</summary>
internal static class BinLayout
{
    public const int Kinds = 3;

    /// <summary>The place of <see cref="AgeBin.ExcessBytes"/> behind the kinds.</summary>
    public const int Excess = 3;

    /// <summary>Numbers a bin.</summary>
    public const int Stride = 4;

    public static void Write(in AgeBin bin, Span<long> numbers)
    {
        numbers[(int)PageKind.Anon] = bin.AnonBytes;
        numbers[(int)PageKind.File] = bin.FileBytes;
        numbers[(int)PageKind.Shmem] = bin.ShmemBytes;
        numbers[Excess] = bin.ExcessBytes;
    }
}
