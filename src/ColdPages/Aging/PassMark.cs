namespace ColdPages;

/// <summary>
/// The pass in which a page was last seen touched, in a byte: 1 to 255 in turn, and 0 for one longer ago than ages are told. A value is emptied into
/// <see cref="LongAgo"/> before it comes round again, so an age never wraps.
/// </summary>
internal static class PassMark
{
    public const byte LongAgo = 0;

    /// <summary>How many values there are, <see cref="LongAgo"/> included.</summary>
    public const int Count = 256;

    private const int Turn = Count - 1;

    public static byte Of(int pass) => (byte)(1 + (pass % Turn));

    /// <summary>How many passes ago, at a pass; those long ago share the oldest age that is told.</summary>
    public static int AgeAt(int pass, byte mark) =>
        mark == LongAgo ? Math.Min(pass, PassClock.MaxPasses) : (Of(pass) - mark + Turn) % Turn;
}
