namespace ColdPages;

/// <summary>What earlier passes did with a block of the idle bitmap.</summary>
internal struct BlockHistory
{
    /// <summary>Whether one marked it; marks that are not ours say nothing of the time before.</summary>
    public bool IsMarked { get; set; }

    /// <summary>The last one that read it.</summary>
    public int LookedAt { get; set; }
}
