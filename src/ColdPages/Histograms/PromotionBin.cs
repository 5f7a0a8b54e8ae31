namespace ColdPages;

/// <summary>
/// The bytes that were touched again after they had been idle for a time within one range: at least <see cref="From"/> and less than
/// <see cref="To"/>. Reclaiming them at that age would have brought a refault each.
/// </summary>
/// <param name="From">The shortest time of the range.</param>
/// <param name="To">The first time beyond the range; null for the last one, which is open.</param>
/// <param name="Bytes">
/// Bytes, each time they were touched: at most what was idle and then was not, with the same owner; at least what cannot have been freed and used again instead. Where the source does not know how long they had been idle
/// (<see cref="ColdPageSource.MultiGenLru"/>) what is certain counts in the youngest range that they may belong in and what is possible in the oldest, so that the bounds hold for all from an age on.
/// </param>
public readonly record struct PromotionBin(TimeSpan From, TimeSpan? To, ByteBounds Bytes);
