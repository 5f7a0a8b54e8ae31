using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace ColdPages;

/// <summary>
/// Measures how long the memory of a host's cgroups has been idle, pass by pass. One tracker measures a host at a time; it serves any
/// number of readers.
/// </summary>
/// <remarks>
/// <see cref="Scan"/> makes a pass on the caller's thread, <see cref="TakeSnapshot"/> gives what it found, and
/// <see cref="WatchAsync"/> does both in the background at the tracker's interval.
/// </remarks>
public sealed class ColdPageTracker : IDisposable
{
    private static readonly Problem s_cancelled = new("It was cancelled.", "The next one starts where it left off.");
    private static readonly Problem s_broken = new("It ended with an exception.", "Please report it; the next one starts where it left off.");

    private static readonly TimeSpan s_betweenLooks = TimeSpan.FromMilliseconds(150);

    private readonly ColdPageTrackerOptions _options;
    private readonly KernelFiles _files;
    private readonly MemcgTree _tree;
    private readonly AgeSource _source;
    private readonly PassClock _clock;
    private readonly SnapshotMaker _maker;
    private readonly HostLease? _lease;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _watchLock = new();
    private readonly SemaphoreSlim _turn = new(1);
    private SnapshotFeed _feed = new();
    private Task? _watching;
    private int _readers;
    private volatile bool _disposed;
    private DateTimeOffset _takenAt;
    private Problem? _failure;
    private int _goodPasses;
    private CancellationTokenSource? _linked;

    private ColdPageTracker(ColdPageTrackerOptions options, ColdPageSource source, MemcgHierarchy hierarchy, HostLease? lease)
    {
        // The list is the caller's, who may go on writing to it.
        _options = options = options with { Processes = [.. options.Processes.Distinct()] };
        _files = options.Roots.Files;
        _lease = lease;
        _clock = new PassClock(options.TimeProvider);
        _tree = new MemcgTree(_files, hierarchy);
        SourceOptions asked = new(options.Memcg, options.Processes, options.Interval, options.TimeProvider, options.ReferencedWindow);
        _source = source switch
        {
            ColdPageSource.Referenced => new ReferencedSource(_files, _tree, asked),
            ColdPageSource.MultiGenLru when options.Passive => new PassiveGenerationsSource(_files, _tree),
            ColdPageSource.MultiGenLru => new MultiGenLruSource(_files, _tree, asked),
            _ => new IdleBitmapSource(_files, _tree, source, options.ConfirmScans > 1 ? WaitBetweenLooks : null),
        };
        _maker = new SnapshotMaker(_files, _tree, _source, _clock, options);
    }

    /// <summary>The source in use; never <see cref="ColdPageSource.Auto"/>.</summary>
    public ColdPageSource Source => _source.Kind;

    /// <summary>From the end of a pass to the start of the next.</summary>
    public TimeSpan Interval => _options.Interval;

    /// <summary>Passes made.</summary>
    public int Scans => _clock.Ended;

    /// <summary>Whether the background passes go on; they stop a while after the last reader left.</summary>
    internal bool IsWatching
    {
        get
        {
            lock (_watchLock)
                return _watching is not null;
        }
    }

    internal bool IsDisposed => _disposed;

    /// <summary>Opens a tracker and takes the host's lease.</summary>
    /// <exception cref="SourceUnavailableException">It is not possible on this host, or another tracker has it; the message says what to do.</exception>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    public static ColdPageTracker Open(ColdPageTrackerOptions options) =>
        TryOpen(options, out ColdPageTracker? tracker, out HostDiagnosis diagnosis) ? tracker : throw new SourceUnavailableException(diagnosis);

    /// <summary>Opens a tracker as <see cref="Open"/> does; false, with a diagnosis, where that is not possible.</summary>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    public static bool TryOpen(ColdPageTrackerOptions options, [NotNullWhen(true)] out ColdPageTracker? tracker, out HostDiagnosis diagnosis)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        tracker = null;
        diagnosis = SourceProbe.Run(options.Roots.Files, options.Source, options.Passive);
        if (diagnosis.Chosen is null)
            return false;
        if (diagnosis.Conflicts.Count > 0 && options.OnConflict == ConflictAction.Refuse)
        {
            diagnosis = diagnosis.Refuse(new Problem(string.Join(' ', diagnosis.Conflicts), "This was to be refused (OnConflict)."));
            return false;
        }

        if (options.Processes.Count > 0 && diagnosis.Chosen != ColdPageSource.Referenced)
        {
            diagnosis = diagnosis.Refuse(new Problem(
                $"The source '{diagnosis.Chosen.Value.ToName()}' does not tell processes apart.", $"Ask for '{ColdPageSource.Referenced.ToName()}', or for no processes."));
            return false;
        }

        if (diagnosis.Chosen == ColdPageSource.MultiGenLru && !options.Passive && GenerationRefusals.RefuseInterval(options.Roots.Files, options.Interval) is { } tooShort)
        {
            diagnosis = diagnosis.Refuse(tooShort);
            return false;
        }

        MemcgHierarchy? hierarchy = MemcgHierarchy.Find(options.Roots.Files, out Problem? problem);
        if (hierarchy is null)
        {
            diagnosis = diagnosis.Refuse(problem!);
            return false;
        }

        // A simulated host is its maker's own, and who changes nothing is in nobody's way.
        HostLease? lease = null;
        if (!options.Roots.Files.IsSimulated && !options.Passive)
        {
            lease = HostLease.TryTake(options.LeaseDirectory, out LeaseHolder? holder, out problem);
            if (lease is null)
            {
                diagnosis = diagnosis.Refuse(problem!, holder);
                return false;
            }
        }

        tracker = new ColdPageTracker(options, diagnosis.Chosen.Value, hierarchy, lease);
        return true;
    }

    /// <summary>
    /// Makes one pass, now, on this thread; waits first where another thread is making one. The first pass marks; from the second on there
    /// are ages. A pass that fails is told by the snapshot taken after it.
    /// </summary>
    /// <exception cref="OperationCanceledException">It was cancelled, or the tracker was disposed meanwhile; what was measured before stays right.</exception>
    /// <exception cref="ObjectDisposedException">The tracker was disposed.</exception>
    public void Scan(CancellationToken cancellationToken = default)
    {
        Enter(cancellationToken);
        try
        {
            MakePass(cancellationToken);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>What the last pass found, with each memcg's limits and the host's memory as they are now: take it right after the pass.</summary>
    /// <exception cref="InvalidOperationException">There was no pass yet.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled while another thread made a pass, or while it asked about idle memory (<see cref="ColdPageTrackerOptions.Detail"/>); then also where the tracker was disposed meanwhile.</exception>
    /// <exception cref="ObjectDisposedException">The tracker was disposed.</exception>
    public ColdPageSnapshot TakeSnapshot(CancellationToken cancellationToken = default)
    {
        Enter(cancellationToken);
        try
        {
            if (_clock.Ended == 0)
                throw new InvalidOperationException("There is nothing to take a snapshot of yet: Scan first.");
            using CancellationTokenRegistration _ = LinkToStopping(cancellationToken, out CancellationToken either);
            return _maker.Make(_takenAt, _goodPasses, _failure, either);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Waits until an interval has gone by since the last pass ended; not at all before the first.</summary>
    /// <exception cref="OperationCanceledException">It was cancelled, or the tracker was disposed meanwhile.</exception>
    /// <exception cref="ObjectDisposedException">The tracker was disposed before.</exception>
    public async Task WaitForIntervalAsync(CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _stopping.Token);
        TimeProvider time = _options.TimeProvider;
        while (_clock.Ended > 0)
        {
            // A timer may go off early by the clock that the ages are measured on, and then an age would be short of an interval.
            TimeSpan left = _options.Interval - time.GetElapsedTime(_clock.LastEnd);
            if (left <= TimeSpan.Zero)
                return;
            TimeSpan wait = TimeSpan.FromMilliseconds(Math.Ceiling(Math.Min(left.TotalMilliseconds, TimeSpan.MillisecondsPerDay)));
            await Task.Delay(wait, time, either.Token).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Scans in the background, a pass an interval, and gives a snapshot after each. All readers share the passes; they go on while there
    /// is a reader. A reader that is slow gets the newest, with the number it has missed. A pass that failed is a snapshot that says why.
    /// The stream ends when the tracker is disposed.
    /// </summary>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The tracker was disposed before.</exception>
    public async IAsyncEnumerable<ColdPageSnapshot> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        SnapshotFeed feed = StartWatching();
        int seen = 0;
        bool isFirst = true;
        try
        {
            while (await feed.NextAsync(seen, cancellationToken).ConfigureAwait(false) is { } next)
            {
                int skipped = isFirst ? 0 : next.Number - seen - 1;
                isFirst = false;
                seen = next.Number;
                yield return skipped == 0 ? next.Snapshot : next.Snapshot.WithSkipped(skipped);
            }
        }
        finally
        {
            lock (_watchLock)
                _readers--;
        }
    }

    /// <summary>Stops, waits for the piece of a pass that is under way, if any, and gives the lease back.</summary>
    public void Dispose()
    {
        lock (_watchLock)
        {
            if (_disposed)
                return;
            _disposed = true;
        }

        _stopping.Cancel();
        _watching?.Wait();
        _turn.Wait();
        _turn.Release();
        _feed.End(null);
        _source.Dispose();
        _lease?.Dispose();
        _linked?.Dispose();
    }

    private void MakePass(CancellationToken cancellationToken)
    {
        CpuTime before = _files.ThreadCpu;
        _clock.Begin();
        _failure = s_broken;
        try
        {
            using CancellationTokenRegistration _ = LinkToStopping(cancellationToken, out CancellationToken either);
            _failure = Pass(either);
            _goodPasses += _failure is null ? 1 : 0;
        }
        catch (OperationCanceledException)
        {
            _failure = s_cancelled;
            throw;
        }
        finally
        {
            _clock.End();
            _takenAt = _options.TimeProvider.GetUtcNow();
            _source.Cost.Cpu += _files.ThreadCpu - before;
        }
    }

    private Problem? Pass(CancellationToken cancellationToken)
    {
        Errno error = _tree.Refresh();
        return error == Errno.None
            ? _source.Pass(_clock, cancellationToken)
            : new Problem(
                $"The cgroups at {_files.Display(KernelName.ToText(_tree.Hierarchy.MountPoint))} could not be listed: {error.Describe()}.",
                "See that the hierarchy is still mounted there.");
    }

    // What is touched ten times a second is touched in between. Never in step with it: looks that always came just before the next touch would always find what took the last one's evidence. On a simulated host nothing
    // happens meanwhile.
    private void WaitBetweenLooks(CancellationToken cancellationToken)
    {
        if (!_files.IsSimulated)
            cancellationToken.WaitHandle.WaitOne(s_betweenLooks * (0.5 + Random.Shared.NextDouble()));
    }

    // Dispose ends a pass too. A link is an object, so one serves pass after pass until it was cancelled; what ties it to the caller's token is not one, and lasts for a pass: a source that was reset forgets what was tied to it.
    private CancellationTokenRegistration LinkToStopping(CancellationToken cancellationToken, out CancellationToken either)
    {
        if (!cancellationToken.CanBeCanceled || cancellationToken == _stopping.Token)
        {
            either = _stopping.Token;
            return default;
        }

        if (_linked is null || _linked.IsCancellationRequested)
        {
            _linked?.Dispose();
            _linked = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
        }

        either = _linked.Token;
        return cancellationToken.UnsafeRegister(static linked => ((CancellationTokenSource)linked!).Cancel(), _linked);
    }

    // One who joins others gets their newest snapshot at once. One who comes first gets a new feed, since the last snapshot of the old one may
    // be hours old.
    private SnapshotFeed StartWatching()
    {
        lock (_watchLock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            _readers++;
            if (_watching is null)
            {
                _feed = new SnapshotFeed();

                // The loop outlives its first reader, and is to carry nothing of that one's context on.
                using AsyncFlowControl _ = ExecutionContext.SuppressFlow();
                SnapshotFeed feed = _feed;
                _watching = Task.Run(() => WatchLoopAsync(feed));
            }

            return _feed;
        }
    }

    private async Task WatchLoopAsync(SnapshotFeed feed)
    {
        try
        {
            while (true)
            {
                await WaitForIntervalAsync(CancellationToken.None).ConfigureAwait(false);
                lock (_watchLock)
                {
                    if (_readers == 0)
                    {
                        _watching = null;
                        return;
                    }
                }

                feed.Publish(ScanAndTakeSnapshot());
            }
        }
        catch (Exception) when (_stopping.IsCancellationRequested)
        {
            // Disposed: the feed is ended there.
        }
        catch (Exception e)
        {
            // Not known to happen; but readers must not wait for ever for a loop that is no more. The next reader starts another.
            lock (_watchLock)
                _watching = null;
            feed.End(e);
        }
    }

    // In one turn: nobody else's pass comes between.
    private ColdPageSnapshot ScanAndTakeSnapshot()
    {
        Enter(_stopping.Token);
        try
        {
            MakePass(_stopping.Token);
            return _maker.Make(_takenAt, _goodPasses, _failure, _stopping.Token);
        }
        finally
        {
            _turn.Release();
        }
    }

    private void Enter(CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        _turn.Wait(cancellationToken);
        if (!_disposed)
            return;
        _turn.Release();
        throw new ObjectDisposedException(nameof(ColdPageTracker));
    }
}
