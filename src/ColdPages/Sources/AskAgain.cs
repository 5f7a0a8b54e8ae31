namespace ColdPages;

/// <summary>Which tracked folios a pass asks about again, beside those that changed and its small share of the rest.</summary>
internal enum AskAgain
{
    None,

    /// <summary>Those of several pages.</summary>
    Large,

    All,
}
