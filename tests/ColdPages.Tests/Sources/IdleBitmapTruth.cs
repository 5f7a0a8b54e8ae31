using ColdPages.Simulation;

namespace ColdPages.Tests;

/// <summary>What is true of one folio at the moment when a pass reads its bit.</summary>
internal struct SeenFolio
{
    public SimulatedFolio? Folio;
    public FolioHistory History;
    public SimulatedMemcg? Memcg;
    public long TouchNumber;
    public long TouchedAt;
    public int Order;
    public int Pass;

    /// <summary>Whether the kernel does not look at its accessed bits now, for its lock is taken.</summary>
    public bool IsLocked;

    /// <summary>Whether it is off its list, and the kernel does not look at it at all.</summary>
    public bool IsOffList;

    public readonly bool IsHidden => IsLocked || IsOffList;

    public readonly ulong Inode => Memcg?.Inode ?? 0;
}

/// <summary>What a test remembers of a folio from pass to pass.</summary>
internal sealed class FolioHistory
{
    /// <summary>The pass that must have seen it touched last.</summary>
    public int LastSeen { get; set; }

    /// <summary>Whether that is all there is to it: nothing happened to it but touches, each between two passes.</summary>
    public bool IsExact { get; set; }

    /// <summary>Something else has happened to it since the last pass looked at it.</summary>
    public bool IsDisturbed { get; set; }

    /// <summary>Its touches when the last pass looked at it; -1 before any did.</summary>
    public long TouchNumber { get; set; } = -1;

    public int LookedAt { get; set; } = -1;

    /// <summary>Whether it could be marked then.</summary>
    public bool WasMarkable { get; set; }

    /// <summary>The last pass that kept its age because it was off its list.</summary>
    public int SparedAt { get; set; } = -2;

    /// <summary>The number of a touch whose only evidence the kernel has thrown away.</summary>
    public long LostTouch { get; set; } = -1;

    /// <summary>It changed hands in a way that no file tells of.</summary>
    public bool ChangedHands { get; set; }
}

/// <summary>Looks at the host whenever a pass reads a piece of the bitmap, just before the kernel does.</summary>
internal sealed class IdleBitmapTruth
{
    private readonly IdleBitmapRun _run;
    private readonly Dictionary<SimulatedFolio, FolioHistory> _histories = [];
    private SeenFolio[] _before;
    private SeenFolio[] _now;
    private int[] _racedAt;
    private int _raceCount;

    public IdleBitmapTruth(IdleBitmapRun run)
    {
        _run = run;
        _before = new SeenFolio[run.Host.Frames];
        _now = new SeenFolio[run.Host.Frames];
        _racedAt = new int[run.Host.Frames];
        run.Host.Files.BeforeRead = (path, offset) => OnOperation(path, offset, isRead: true);
        run.Host.Files.BeforeWrite = (path, offset) => OnOperation(path, offset, isRead: false);
    }

    /// <summary>Called before each operation on a file during a pass: whether it is a read.</summary>
    public Action<bool>? DuringPass { get; set; }

    /// <summary>Whether anything happened during the last pass.</summary>
    public bool WasRaced { get; private set; }

    private int Pass => _run.Clock.Current;

    public void BeginPass()
    {
        (_before, _now) = (_now, _before);
        _raceCount++;
        WasRaced = false;
        if (_now.Length == _run.Host.Frames)
            return;
        Array.Resize(ref _before, _run.Host.Frames);
        Array.Resize(ref _now, _run.Host.Frames);
        Array.Resize(ref _racedAt, _run.Host.Frames);
    }

    /// <summary>Another source begins: all it knows it will have seen itself.</summary>
    public void Restart()
    {
        _histories.Clear();
        Array.Clear(_before);
        Array.Clear(_now);
    }

    /// <summary>The folio that began at a frame when the last pass read its bit; none where there was none.</summary>
    public ref readonly SeenFolio Now(int frame) => ref At(_now, frame, Pass);

    public ref readonly SeenFolio Before(int frame) => ref At(_before, frame, Pass - 1);

    public FolioHistory HistoryOf(SimulatedFolio folio)
    {
        if (!_histories.TryGetValue(folio, out FolioHistory? history))
            _histories[folio] = history = new FolioHistory();
        return history;
    }

    /// <summary>Notes that something happens to a folio other than a touch between two passes. Call it before, and when its frames change after too.</summary>
    public void Disturb(SimulatedFolio folio)
    {
        HistoryOf(folio).IsDisturbed = true;
        Race(folio.Frame, folio.Pages);
    }

    /// <summary>Notes that frames come to be used by others.</summary>
    public void Race(int frame, int pages)
    {
        if (!_run.InPass)
            return;
        WasRaced = true;
        _racedAt.AsSpan(frame, pages).Fill(_raceCount);
    }

    public void DisturbAll()
    {
        foreach (FolioHistory history in _histories.Values)
            history.IsDisturbed = true;
    }

    /// <summary>Whether something happened to a frame during the last pass, so that its questions and its bit may not belong together.</summary>
    public bool IsRaced(int frame) => _racedAt[frame] == _raceCount;

    private static ref readonly SeenFolio At(SeenFolio[] all, int frame, int pass)
    {
        if (all[frame].Pass == pass + 1)
            return ref all[frame];
        return ref s_none;
    }

    private static readonly SeenFolio s_none;

    private void OnOperation(string path, long offset, bool isRead)
    {
        if (!_run.InPass)
            return;
        DuringPass?.Invoke(isRead);
        if (isRead && path == IdleBitmap.Name)
            Look((int)(offset * 8));
    }

    private void Look(int first)
    {
        FrameTable frames = _run.Host.Memory.Frames;
        int endOfBlock = ((first / IdleBitmap.BlockFrames) + 1) * IdleBitmap.BlockFrames;
        int end = Math.Min(Math.Min(endOfBlock, frames.MaxPfn), _now.Length);
        for (int frame = first; frame < end; frame++)
        {
            if (frames.FolioAt(frame) is not { } folio)
                continue;
            if (folio.Use == FolioUse.User && folio.Frame == frame)
                Look(folio, isWhole: frame / 64 < frames.MaxPfn / 64);
            frame = folio.Frame + folio.Pages - 1;
        }
    }

    private void Look(SimulatedFolio folio, bool isWhole)
    {
        FolioHistory history = HistoryOf(folio);
        bool isLocked = folio.Has(FolioFlags.Locked) && (folio.Kind != PageKind.Anon || _run.Host.Options.AnonNeedsLock);
        bool isOnList = folio.Lru == LruState.OnList;
        bool touched = folio.TouchNumber != history.TouchNumber || !history.WasMarkable;
        if (touched)
            history.LastSeen = Pass;

        // A piece that was cut short is read on.
        bool isFirstLook = history.LookedAt != Pass;
        history.IsExact = ((touched && isFirstLook) || history.IsExact) && !history.IsDisturbed;
        history.LookedAt = Pass;
        history.TouchNumber = folio.TouchNumber;
        history.WasMarkable = isOnList && isWhole;

        // One that brought a mark along to where it cannot be looked at, in the last word that is not whole or off its list, may be found idle when it can be, and rightly.
        history.IsDisturbed = !history.WasMarkable && folio.Has(FolioFlags.Idle);
        _now[folio.Frame] = new SeenFolio
        {
            Folio = folio,
            History = history,
            Memcg = folio.Memcg,
            TouchNumber = folio.TouchNumber,
            TouchedAt = folio.TouchedAt,
            Order = folio.Order,
            Pass = Pass + 1,
            IsLocked = isLocked,
            IsOffList = !isOnList,
        };
    }
}
