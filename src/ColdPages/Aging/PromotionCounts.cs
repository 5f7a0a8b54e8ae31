namespace ColdPages;

/// <summary>Pages that were touched after they had been idle, since the start, by how many passes they had been.</summary>
internal sealed class PromotionCounts
{
    private const int Ages = PassClock.MaxPasses + 1;

    private readonly long[] _atLeast = new long[Ages];
    private readonly long[] _atMost = new long[Ages];

    public const long StateBytes = 2 * ((Ages * sizeof(long)) + 24);

    public ReadOnlySpan<long> AtLeast => _atLeast;

    public ReadOnlySpan<long> AtMost => _atMost;

    public void Add(int age, long atLeast, long atMost)
    {
        _atLeast[age] += atLeast;
        _atMost[age] += atMost;
    }

    public void Add(PromotionCounts other)
    {
        for (int age = 0; age < Ages; age++)
            Add(age, other._atLeast[age], other._atMost[age]);
    }
}
