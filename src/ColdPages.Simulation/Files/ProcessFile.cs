namespace ColdPages.Simulation;

/// <summary>The files of a process's folder in /proc.</summary>
internal enum ProcessFile
{
    Status,
    Cgroup,
}
