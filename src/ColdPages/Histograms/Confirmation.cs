namespace ColdPages;

/// <summary>
/// Takes for idle only what several passes in a row found so. What fewer found idle may have lost a touch to somebody who takes them here and there; it counts as touched, and as perhaps idle.
/// </summary>
internal static class Confirmation
{
    /// <param name="values">A histogram, as <see cref="BinLayout"/> has it.</param>
    /// <param name="scans">In how many passes; 1 changes nothing.</param>
    public static void Apply(Span<long> values, int scans)
    {
        long unconfirmed = 0;
        for (int bin = Math.Min(scans, values.Length / BinLayout.Stride) - 1; bin > 0; bin--)
        {
            Span<long> numbers = values.Slice(bin * BinLayout.Stride, BinLayout.Stride);
            for (int kind = 0; kind < BinLayout.Kinds; kind++)
            {
                unconfirmed += numbers[kind];
                values[kind] += numbers[kind];
                numbers[kind] = 0;
            }

            numbers[BinLayout.Excess] += unconfirmed;
        }
    }

    /// <param name="detail">Idle detail, as <see cref="IdleDetailLayout"/> has it, so many numbers a bin.</param>
    /// <param name="stride">So many.</param>
    /// <param name="scans">In how many passes; 1 changes nothing.</param>
    public static void ApplyToDetail(Span<long> detail, int stride, int scans) => detail[..Math.Min(detail.Length, scans * stride)].Clear();

    /// <param name="promotions">Promotions, two numbers a bin: at least, at most.</param>
    /// <param name="scans">In how many passes; 1 changes nothing.</param>
    public static void ApplyToPromotions(Span<long> promotions, int scans)
    {
        for (int bin = 1; bin < scans && bin * 2 < promotions.Length; bin++)
            promotions[bin * 2] = 0;
    }
}
