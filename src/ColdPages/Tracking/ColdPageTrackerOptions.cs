using System.Diagnostics.CodeAnalysis;

namespace ColdPages;

/// <summary>What a tracker is to measure, and how.</summary>
public sealed record ColdPageTrackerOptions
{
    /// <summary>The host. Default: this one.</summary>
    public HostRoots Roots { get; init; } = HostRoots.Local;

    /// <summary>Where the evidence comes from. Default: the most exact source that sees all memory.</summary>
    public ColdPageSource Source { get; init; } = ColdPageSource.Auto;

    /// <summary>From the end of a pass to the start of the next. Default: two minutes.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>What to do when somebody else moves the evidence. Default: warn.</summary>
    public ConflictAction OnConflict { get; init; } = ConflictAction.Warn;

    /// <summary>
    /// Whether to change nothing at all on the host: mark no page, make no generation, take no lease. Only <see cref="ColdPageSource.MultiGenLru"/> can, by the generations that the kernel makes itself; it then tells about
    /// how old memory may be, and nothing is certainly idle. Default: no.
    /// </summary>
    public bool Passive { get; init; }

    /// <summary>
    /// In how many passes in a row memory has to be found idle before it counts as idle, 1 to 254. Somebody who takes touches here and there, as DAMON does, seldom takes those of the same page twice running. What
    /// fewer passes found idle is in the upper bound only, so it takes one pass more than this until anything is certain. Above 1 each pass of <see cref="ColdPageSource.IdleBitmap"/> also looks five times, some 150 ms apart, at what it finds idle. <see cref="ReferencedWindow"/> must be as long with <see cref="ColdPageSource.Referenced"/>. Default: 1.
    /// </summary>
    public int ConfirmScans { get; init; } = 1;

    /// <summary>
    /// Only this memcg and those below it, as <see cref="MemcgAges.Path"/> writes it. <see cref="ColdPageSource.Referenced"/> then leaves all
    /// other processes alone. Default: all.
    /// </summary>
    public string? Memcg { get; init; }

    /// <summary>Processes, by pid, whose memory is told apart in <see cref="ColdPageSnapshot.Processes"/>. Default: none.</summary>
    public IReadOnlyList<int> Processes { get; init; } = [];

    /// <summary>
    /// Over how many intervals <see cref="ColdPageSource.Referenced"/> lets accessed bits gather before it clears them, 1 to 254. An age is
    /// known back to the last clear, so a longer window tells longer ages; but what was touched at all in a window counts as touched at its
    /// end. Default: 1, touched or not since the pass before.
    /// </summary>
    public int ReferencedWindow { get; init; } = 1;

    /// <summary>
    /// Whether each snapshot also tells what memory is made of: <see cref="MemcgAges.Detail"/> by the kernel's counts and, with <see cref="ColdPageSource.IdleBitmap"/>,
    /// <see cref="MemcgAges.IdleDetail"/>, for which the kernel is asked about every idle folio when the snapshot is taken: some 60 ns each, and how often each page of it is mapped: some 30 ns more a page. Default: no.
    /// </summary>
    public bool Detail { get; init; }

    /// <summary>
    /// The folder of the file whose lock makes a tracker the only one on its host; made if need be, in a folder that is there. Share it between all containers that
    /// might measure the same host. Default: /run/coldpages.
    /// </summary>
    public string LeaseDirectory { get; init; } = "/run/coldpages";

    /// <summary>The clock. Default: the system's.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    [SuppressMessage("Usage", "MA0015", Justification = "The options' own names say more than the parameter's they came in.")]
    internal void Validate()
    {
        ArgumentNullException.ThrowIfNull(Roots);
        ArgumentNullException.ThrowIfNull(Processes);
        ArgumentNullException.ThrowIfNull(TimeProvider);
        ArgumentException.ThrowIfNullOrEmpty(LeaseDirectory);
        if (!Enum.IsDefined(Source))
            throw new ArgumentOutOfRangeException(nameof(Source), Source, "No such source.");
        if (!Enum.IsDefined(OnConflict))
            throw new ArgumentOutOfRangeException(nameof(OnConflict), OnConflict, "No such action.");
        if (Memcg is not null && (!Memcg.StartsWith('/') || (Memcg.Length > 1 && Memcg.EndsWith('/'))))
            throw new ArgumentException($"'{Memcg}' is no path of a memcg: it begins with a slash and does not end with one, as in /kubepods.", nameof(Memcg));
        if (Processes.Any(static pid => pid <= 0))
            throw new ArgumentOutOfRangeException(nameof(Processes), "A pid is above 0.");
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(Interval, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(ConfirmScans, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(ConfirmScans, PassClock.MaxPasses);
        if (Source == ColdPageSource.Referenced && ConfirmScans > ReferencedWindow)
            throw new ArgumentException($"{ConfirmScans} passes in a row can never find memory idle whose accessed bits are cleared every {ReferencedWindow}: raise {nameof(ReferencedWindow)}.", nameof(ConfirmScans));
        ArgumentOutOfRangeException.ThrowIfLessThan(ReferencedWindow, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(ReferencedWindow, PassClock.MaxPasses);
    }
}
