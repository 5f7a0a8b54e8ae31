namespace ColdPages;

/// <summary>What to do when somebody else moves the accessed bits that a source reads.</summary>
public enum ConflictAction
{
    /// <summary>Measure, and say so in each snapshot's warnings.</summary>
    Warn,

    /// <summary>Do not open the tracker.</summary>
    Refuse,
}
