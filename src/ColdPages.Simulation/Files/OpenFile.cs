namespace ColdPages.Simulation;

/// <summary>An open file, kept to be used again when it is closed.</summary>
internal sealed class OpenFile
{
    public bool IsOpen { get; set; }

    /// <summary>The memcg whose file it is; null for others.</summary>
    public SimulatedMemcg? Memcg { get; set; }

    /// <summary>The process whose file it is.</summary>
    public SimulatedProcess? Process { get; set; }

    public ProcessFile ProcessFile { get; set; }

    public MemcgFile MemcgFile { get; set; }

    public HostFile HostFile { get; set; }

    /// <summary>Its text, as it was when it was read from its start.</summary>
    public TextBuilder Text { get; } = new();

    /// <summary>Whether <see cref="Text"/> holds anything since it was opened.</summary>
    public bool HasText { get; set; }
}
