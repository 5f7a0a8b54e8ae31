namespace ColdPages;

/// <summary>
/// The folios that one pass found touched after they had been idle. Flags and owner cannot tell one that was touched from one that was freed and used again for the
/// same, so how many were touched is known by bounds only.
/// </summary>
internal sealed class PromotionTally(OwnerTable owners)
{
    private readonly Dictionary<Key, Folios> _folios = [];

    private readonly record struct Key(int Owner, PageKind Kind, int Order, int Age);

    private struct Folios
    {
        public int All;
        public int Same;
        public int Gone;
    }

    /// <summary>Begins a pass. What one before it found that did not end well counts as possible.</summary>
    public void Begin()
    {
        foreach ((Key key, Folios folios) in _folios)
            owners[key.Owner].MakePromotions().Add(key.Age, 0, (long)(folios.All + folios.Gone) << key.Order);
        _folios.Clear();
    }

    /// <param name="identity">What it was.</param>
    /// <param name="age">How many passes it had been idle when it was last seen so.</param>
    /// <param name="isSame">Whether there is such a folio still: without one it may be that nothing was touched.</param>
    public void Add(FolioIdentity identity, int age, bool isSame)
    {
        ref Folios folios = ref Of(identity, age);
        folios.All++;
        folios.Same += isSame ? 1 : 0;
    }

    /// <summary>
    /// Adds one whose frame is free now or another's. It was given up, or touched and then moved: the kernel counts moves.
    /// </summary>
    public void AddGone(FolioIdentity identity, int age) => Of(identity, age).Gone++;

    /// <summary>
    /// Adds them to what their owners have had since the start. Anonymous memory comes by a page fault, from swap, from another frame, or out of smaller pages; page cache and shared
    /// memory can come without any of these, so of them none is certain to have been touched.
    /// </summary>
    /// <param name="lru">Whose faults these were.</param>
    /// <param name="arrived">What came on the whole host without a fault since the last pass began, and what may be told older than it was; null where that is not known.</param>
    /// <param name="moved">What came to other frames on the whole host since then; null where that is not known.</param>
    public void Settle(MemcgLru lru, long? arrived, long? moved)
    {
        foreach ((Key key, Folios folios) in _folios)
        {
            Owner owner = owners[key.Owner];
            long? arrivals = owner.Memcg is null ? null : lru.NewFaults(owner.Memcg) + arrived;
            long certain = key.Kind == PageKind.Anon && arrivals is not null ? Math.Max(0, folios.Same - arrivals.Value) : 0;
            long possible = folios.All + Math.Min(folios.Gone, moved ?? folios.Gone);
            if (possible > 0)
                owner.MakePromotions().Add(key.Age, certain << key.Order, possible << key.Order);
        }

        _folios.Clear();
    }

    private ref Folios Of(FolioIdentity identity, int age) => ref System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(
        _folios, new Key(owners[identity.Owner].Index, identity.Kind, identity.Order, age), out _);
}
