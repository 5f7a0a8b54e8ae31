namespace ColdPages;

/// <summary>
/// The anonymous pages of one memcg that were idle and then were not, by bounds: how many left the old generations from one step to the next is known, and of these how many cannot have been freed or moved instead. Which of the
/// old ones they were the kernel does not tell: what is certain counts at the shortest time, what is possible at the longest that they may have been idle.
/// </summary>
internal sealed class GenerationPromotions
{
    public PromotionCounts Counts { get; } = new();

    /// <summary>What the pass before told idle, in pages by age and older, and how much of it was found idle no longer.</summary>
    public void Add(ReadOnlySpan<long> olderAtLeast, ReadOnlySpan<long> olderAtMost, long atLeast, long atMost)
    {
        long certainlyOlder = 0;
        long perhapsOlder = 0;
        for (int age = olderAtLeast.Length - 1; age > 0; age--)
        {
            // As many as there are that are younger may all have been among them.
            long certain = Math.Max(certainlyOlder, atLeast - (olderAtLeast[1] - olderAtLeast[age]));
            long possible = Math.Max(perhapsOlder, Math.Min(atMost, olderAtMost[age]));
            long lower = certain - certainlyOlder;
            Counts.Add(age, lower, Math.Max(lower, possible - perhapsOlder));
            (certainlyOlder, perhapsOlder) = (certain, possible);
        }
    }
}
