namespace ColdPages;

/// <summary>
/// The folios that one pass found touched after they had been idle. Flags and owner cannot tell one that was touched from one that was freed and used again for the
/// same, so how many were touched is known by bounds only.
/// </summary>
internal sealed class PromotionTally(OwnerTable owners)
{
    private readonly Dictionary<Key, int> _folios = [];

    private readonly record struct Key(int Owner, PageKind Kind, int Order, int Age, bool IsUnclear);

    /// <summary>Begins a pass. What one before it found that did not end well counts as possible.</summary>
    public void Begin()
    {
        foreach ((Key key, int folios) in _folios)
            owners[key.Owner].MakePromotions().Add(key.Age, 0, (long)folios << key.Order);
        _folios.Clear();
    }

    /// <param name="identity">The folio.</param>
    /// <param name="age">How many passes it had been idle when it was last seen so.</param>
    /// <param name="isUnclear">Whether it is not even certain that it was touched or used again: it may have been freed.</param>
    public void Add(FolioIdentity identity, int age, bool isUnclear = false)
    {
        Key key = new(owners[identity.Owner].Index, identity.Kind, identity.Order, age, isUnclear);
        System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(_folios, key, out _)++;
    }

    /// <summary>
    /// Adds them to what their owners have had since the start. Anonymous memory comes by a page fault, or from swap; page cache and shared memory can come without either, so of these
    /// none is certain to have been touched.
    /// </summary>
    /// <param name="lru">Whose faults these were.</param>
    /// <param name="swappedIn">Pages read from swap on the whole host since the last pass; null where that is not known.</param>
    public void Settle(MemcgLru lru, long? swappedIn)
    {
        foreach ((Key key, int folios) in _folios)
        {
            Owner owner = owners[key.Owner];
            long? arrivals = owner.Memcg is null ? null : lru.NewFaults(owner.Memcg) + swappedIn;
            long certain = key.Kind == PageKind.Anon && !key.IsUnclear && arrivals is not null ? Math.Max(0, folios - arrivals.Value) : 0;
            owner.MakePromotions().Add(key.Age, certain << key.Order, (long)folios << key.Order);
        }

        _folios.Clear();
    }
}
