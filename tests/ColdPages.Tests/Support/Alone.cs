namespace ColdPages.Tests;

/// <summary>For tests that measure what the whole process shares, such as memory: they run while no other does.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Alone
{
    public const string Name = "alone";
}
