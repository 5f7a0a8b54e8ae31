namespace ColdPages;

/// <summary>
/// What is known of 512 frames: for the first page of each tracked folio a byte, the pass in which it was last seen touched, and where they are not all of one identity
/// another, its place in a small palette of identities. The tails of a folio have no bytes of their own.
/// </summary>
internal sealed class FrameGroup
{
    /// <summary>2 MiB of 4 KiB pages. Fewer would cost more objects, more would be kept for memory that is only here and there in use.</summary>
    public const int Frames = 512;

    /// <summary>A palette's places are told in a byte.</summary>
    private const int MaxPalette = 256;

    /// <summary>About what the runtime adds: a header and a length for each object, and the references.</summary>
    private const int Overhead = 96;
    private const int ArrayOverhead = 24;

    private readonly byte[] _marks = new byte[Frames];
    private byte[]? _places;
    private FolioIdentity[] _palette = new FolioIdentity[1];
    private int _used;

    /// <summary>Folios whose first page is here.</summary>
    public int Tracked { get; set; }

    public int StateBytes => Overhead + Frames + (_places is null ? 0 : Frames + ArrayOverhead) + (_palette.Length * sizeof(int));

    public Span<byte> Marks => _marks;

    public ReadOnlySpan<FolioIdentity> Palette => _palette.AsSpan(0, _used);

    public FolioIdentity Identity(int frame) => _palette[_places is null ? 0 : _places[frame]];

    /// <summary>Gives frames a place in the palette.</summary>
    public void SetPlace(int frame, int count, byte place) => _places?.AsSpan(frame, count).Fill(place);

    /// <summary>Finds or makes an identity's place; false where 256 others are in use here.</summary>
    /// <param name="identity">The identity.</param>
    /// <param name="tracked">Which frames have places in use, 8 words.</param>
    /// <param name="place">Its place.</param>
    public bool TryPlace(FolioIdentity identity, ReadOnlySpan<ulong> tracked, out byte place)
    {
        int found = Palette.IndexOf(identity);
        if (found < 0)
        {
            if (_used == MaxPalette)
                DropUnused(tracked);
            if (_used == MaxPalette)
            {
                place = 0;
                return false;
            }

            if (_used == _palette.Length)
                Array.Resize(ref _palette, _used * 2);

            // All that is here has the first place.
            if (_used > 0)
                _places ??= new byte[Frames];
            _palette[found = _used++] = identity;
        }

        place = (byte)found;
        return true;
    }

    /// <summary>Makes the group as good as new, to be used for other frames.</summary>
    public void Clear()
    {
        _used = 0;
        Tracked = 0;
    }

    /// <summary>Gives every identity of the palette a new owner.</summary>
    public void Renumber(ReadOnlySpan<int> owners)
    {
        foreach (ref FolioIdentity identity in _palette.AsSpan(0, _used))
            identity = new FolioIdentity(owners[identity.Owner], identity.Kind, identity.Order);
    }

    private void DropUnused(ReadOnlySpan<ulong> tracked)
    {
        Span<short> moved = stackalloc short[MaxPalette];
        moved.Fill(-1);
        int kept = 0;
        for (int frame = 0; frame < Frames; frame++)
        {
            if ((tracked[frame >> 6] & (1UL << (frame & 63))) == 0)
                continue;
            int old = _places![frame];
            if (moved[old] < 0)
                moved[old] = (short)kept++;
            _places[frame] = (byte)moved[old];
        }

        Span<FolioIdentity> before = stackalloc FolioIdentity[MaxPalette];
        Palette.CopyTo(before);
        for (int old = 0; old < _used; old++)
        {
            if (moved[old] >= 0)
                _palette[moved[old]] = before[old];
        }

        _used = kept;
    }
}
