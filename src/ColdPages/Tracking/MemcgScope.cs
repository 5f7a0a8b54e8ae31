namespace ColdPages;

/// <summary>Whose pages a memcg's numbers count.</summary>
public enum MemcgScope
{
    /// <summary>Its own and those of all memcgs below it.</summary>
    Hierarchical,

    /// <summary>Its own alone.</summary>
    Local,
}
