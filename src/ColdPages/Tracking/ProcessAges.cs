namespace ColdPages;

/// <summary>The idle ages of one process's memory.</summary>
/// <param name="Pid">Its number on the measured host.</param>
/// <param name="Name">Its command, /proc/PID/comm; bytes that are not UTF-8 read \xNN.</param>
/// <param name="Idle">Bytes that it maps, by idle age. Pages shared with other processes count in each.</param>
public sealed record ProcessAges(int Pid, string Name, AgeHistogram Idle);
