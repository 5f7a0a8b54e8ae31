namespace ColdPages.Simulation;

/// <summary>What is done to a file, for those who make it fail.</summary>
internal enum FileOperation
{
    Open,
    Read,
    Write,
    List,
}
