namespace ColdPages;

/// <summary>The idle ages of one process's memory.</summary>
public sealed record ProcessAges
{
    internal ProcessAges(int pid, string name, AgeHistogram idle)
    {
        Pid = pid;
        Name = name;
        Idle = idle;
    }

    /// <summary>Its number on the measured host.</summary>
    public int Pid { get; }

    /// <summary>Its command, /proc/PID/comm; bytes that are not UTF-8 read \xNN. Not escaped for a terminal.</summary>
    public string Name { get; }

    /// <summary>Bytes that it maps, by idle age. Pages shared with other processes count in each.</summary>
    public AgeHistogram Idle { get; }
}
