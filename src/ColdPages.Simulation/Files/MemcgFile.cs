namespace ColdPages.Simulation;

/// <summary>The files of a memcg's folder.</summary>
internal enum MemcgFile
{
    Controllers,
    SubtreeControl,
    Current,
    Stat,
    Min,
    Low,
    High,
    Max,
    SwapCurrent,
    SwapMax,
    NumaStat,

    /// <summary>These two are the hugetlb controller's.</summary>
    Hugetlb,
    HugetlbReserved,
}
