namespace ColdPages;

/// <summary>Who holds a host's lease.</summary>
public sealed record LeaseHolder
{
    internal LeaseHolder(int pid, string command)
    {
        Pid = pid;
        Command = command;
    }

    /// <summary>Its process, in its own pid namespace; 0 where it has not said so yet.</summary>
    public int Pid { get; }

    /// <summary>Its command line; not escaped for a terminal.</summary>
    public string Command { get; }
}
