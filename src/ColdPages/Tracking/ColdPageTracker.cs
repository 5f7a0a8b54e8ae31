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

    private readonly ColdPageTrackerOptions _options;
    private readonly KernelFiles _files;
    private readonly MemcgTree _tree;
    private readonly AgeSource _source;
    private readonly PassClock _clock;
    private readonly SnapshotMaker _maker;
    private readonly HostLease _lease;
    private readonly SnapshotFeed _feed = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _watchLock = new();
    private readonly SemaphoreSlim _turn = new(1);
    private Task? _watching;
    private int _readers;
    private bool _disposed;
    private DateTimeOffset _takenAt;
    private Problem? _failure;

    private ColdPageTracker(ColdPageTrackerOptions options, MemcgHierarchy hierarchy, HostLease lease)
    {
        _options = options;
        _files = options.Roots.Files;
        _lease = lease;
        _clock = new PassClock(options.TimeProvider);
        _tree = new MemcgTree(_files, hierarchy);
        _source = new ReferencedSource(_files, _tree, new SourceOptions(options.Memcg, options.Processes, options.ReferencedWindow));
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
        diagnosis = SourceProbe.Run(options.Roots.Files, options.Source);
        if (diagnosis.Chosen is null || (diagnosis.Conflicts.Count > 0 && options.OnConflict == ConflictAction.Refuse))
            return false;
        MemcgHierarchy? hierarchy = MemcgHierarchy.Find(options.Roots.Files, out _);
        HostLease? lease = HostLease.TryTake(options.LeaseDirectory, out LeaseHolder? holder, out Problem? problem);
        if (hierarchy is null || lease is null)
        {
            lease?.Dispose();
            diagnosis = new HostDiagnosis(diagnosis.Requested, diagnosis.Sources, diagnosis.Conflicts) { LeaseHolder = holder, LeaseProblem = problem };
            return false;
        }

        tracker = new ColdPageTracker(options, hierarchy, lease);
        return true;
    }

    /// <summary>
    /// Makes one pass, now, on this thread; waits first where another thread is making one. The first pass marks; from the second on there
    /// are ages. A pass that fails is told by the snapshot taken after it.
    /// </summary>
    /// <exception cref="OperationCanceledException">It was cancelled; what was measured before stays right.</exception>
    /// <exception cref="ObjectDisposedException">The tracker was disposed.</exception>
    public void Scan(CancellationToken cancellationToken = default)
    {
        Enter(cancellationToken);
        try
        {
            CpuTime before = _files.ThreadCpu;
            _clock.Begin();
            _failure = s_cancelled;
            try
            {
                _failure = Pass(cancellationToken);
            }
            finally
            {
                _clock.End();
                _takenAt = _options.TimeProvider.GetUtcNow();
                _source.Cost.Cpu += _files.ThreadCpu - before;
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>What the last pass found, with each memcg's limits and the host's memory as they are now: take it right after the pass.</summary>
    /// <exception cref="InvalidOperationException">There was no pass yet.</exception>
    /// <exception cref="ObjectDisposedException">The tracker was disposed.</exception>
    public ColdPageSnapshot TakeSnapshot()
    {
        Enter(CancellationToken.None);
        try
        {
            if (_clock.Ended == 0)
                throw new InvalidOperationException("There is nothing to take a snapshot of yet: Scan first.");
            return _maker.Make(_takenAt, _failure);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Waits until an interval has gone by since the last pass ended; not at all before the first.</summary>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public async Task WaitForIntervalAsync(CancellationToken cancellationToken = default)
    {
        TimeProvider time = _options.TimeProvider;
        while (_clock.Ended > 0)
        {
            // A timer may go off early by the clock that the ages are measured on, and then an age would be short of an interval.
            TimeSpan left = _options.Interval - time.GetElapsedTime(_clock.LastEnd);
            if (left <= TimeSpan.Zero)
                return;
            TimeSpan wait = TimeSpan.FromMilliseconds(Math.Ceiling(Math.Min(left.TotalMilliseconds, TimeSpan.MillisecondsPerDay)));
            await Task.Delay(wait, time, cancellationToken).ConfigureAwait(false);
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
        ObjectDisposedException.ThrowIf(_disposed, this);
        int seen = StartWatching();
        int missed = -1;
        try
        {
            while (await _feed.NextAsync(seen, cancellationToken).ConfigureAwait(false) is { } snapshot)
            {
                missed = missed < 0 ? 0 : snapshot.Scans - seen - 1;
                seen = snapshot.Scans;
                yield return missed == 0 ? snapshot : snapshot.WithSkipped(missed);
            }
        }
        finally
        {
            lock (_watchLock)
                _readers--;
        }
    }

    /// <summary>Stops, waits for the pass under way, if any, to come to an end, and gives the lease back.</summary>
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
        _lease.Dispose();
        _stopping.Dispose();
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

    // The pass after which a new reader's snapshots begin: one who joins others gets their newest at once, one who comes first waits for a
    // new pass, since the last one may be hours old.
    private int StartWatching()
    {
        lock (_watchLock)
        {
            _readers++;
            if (_watching is not null)
                return 0;
            _watching = Task.Run(WatchLoopAsync);
            return _clock.Ended;
        }
    }

    private async Task WatchLoopAsync()
    {
        try
        {
            while (true)
            {
                await WaitForIntervalAsync(_stopping.Token).ConfigureAwait(false);
                lock (_watchLock)
                {
                    if (_readers == 0)
                    {
                        _watching = null;
                        return;
                    }
                }

                Scan(_stopping.Token);
                _feed.Publish(TakeSnapshot());
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // Disposed: the feed is ended there.
        }
        catch (Exception e)
        {
            // Not known to happen; but readers must not wait for ever for a loop that is no more.
            _feed.End(e);
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
