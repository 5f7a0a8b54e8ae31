namespace ColdPages;

/// <summary>Who holds a host's lease.</summary>
/// <param name="Pid">Its process, in its own pid namespace; 0 where it has not said so yet.</param>
/// <param name="Command">Its command line; not escaped for a terminal.</param>
public sealed record LeaseHolder(int Pid, string Command);
