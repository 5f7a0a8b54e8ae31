namespace ColdPages;

/// <summary>
/// The bytes whose idle age lies in one range. The idle age of a page is the time since it was last seen touched: at least
/// <see cref="From"/> and less than <see cref="To"/>.
/// </summary>
public readonly record struct AgeBin
{
    /// <summary>The youngest age of the range.</summary>
    public required TimeSpan From { get; init; }

    /// <summary>The first age beyond the range; null for the last bin, which is open: its pages have been idle for <see cref="From"/> at least, and for
    /// how much longer is not told.</summary>
    public required TimeSpan? To { get; init; }

    /// <summary>Bytes of anonymous memory.</summary>
    public long AnonBytes { get; init; }

    /// <summary>Bytes of page cache.</summary>
    public long FileBytes { get; init; }

    /// <summary>Bytes of shared memory and tmpfs; 0 where the source counts them with another kind (<see cref="ColdPageSnapshot.KindsMerged"/>).</summary>
    public long ShmemBytes { get; init; }

    /// <summary>
    /// Bytes counted in younger bins that might belong here or in an older one; 0 where the source knows exactly.
    /// </summary>
    public long ExcessBytes { get; init; }

    /// <summary>Bytes that are certain to be at least this old, those of older bins not counted: the sum of the kinds.</summary>
    public long LowerBytes => AnonBytes + FileBytes + ShmemBytes;

    /// <summary>The most bytes that might be at least this old, those of older bins not counted.</summary>
    public long UpperBytes => LowerBytes + ExcessBytes;

    /// <summary>The bytes of one kind that are certain; 0 of a kind that is counted with another (<see cref="ColdPageSnapshot.KindsMerged"/>).</summary>
    public long Bytes(PageKind kind) => kind switch
    {
        PageKind.Anon => AnonBytes,
        PageKind.File => FileBytes,
        PageKind.Shmem => ShmemBytes,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "No such kind of page."),
    };
}
