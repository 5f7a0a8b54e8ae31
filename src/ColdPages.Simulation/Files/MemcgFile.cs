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
}
