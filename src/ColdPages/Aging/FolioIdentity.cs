namespace ColdPages;

/// <summary>Whose a folio is, what it holds and how large it is: 2^<see cref="Order"/> pages. In one number, so that a small table of them serves many pages.</summary>
/// <param name="Packed">Owner, kind and order; 0 is nobody's.</param>
internal readonly record struct FolioIdentity(int Packed)
{
    private const int OrderBits = 4;
    private const int KindBits = 2;

    /// <summary>The largest folio that the number has room for, 2^15 pages: a block. Linux makes none above 2^13.</summary>
    public const int MaxOrder = (1 << OrderBits) - 1;

    public FolioIdentity(int owner, PageKind kind, int order)
        : this((((owner << KindBits) | (int)kind) << OrderBits) | order)
    {
    }

    /// <summary>Index in the table of owners.</summary>
    public int Owner => Packed >> (KindBits + OrderBits);

    public PageKind Kind => (PageKind)((Packed >> OrderBits) & ((1 << KindBits) - 1));

    public int Order => Packed & MaxOrder;

    public int Pages => 1 << Order;
}
