namespace ColdPages.Simulation;

/// <summary>
/// A Linux host in memory: page frames, folios, memory cgroups, and the kernel files that ColdPages reads of them. Give
/// <see cref="Roots"/> and <see cref="TimeProvider"/> to a tracker's options, let things happen, and hold what the tracker tells against what
/// the host knows to be true.
/// </summary>
/// <remarks>
/// Its time is simulated: waiting on <see cref="TimeProvider"/> takes none, but the host's clock goes on by as much and its workloads do what they do
/// in that time. Everything is determined by what is asked of it; it never looks at the real clock. All members are safe to use from several threads.
/// </remarks>
public sealed class SimulatedHost
{
    private readonly List<SimulatedWorkload> _workloads = [];
    private long _stepsDone;

    /// <summary>Makes a host with no memcg but the root, and all its memory free.</summary>
    /// <param name="options">What it is like; null for a host of 256 MiB in pages of 4 KiB.</param>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    public SimulatedHost(SimulatedHostOptions? options = null)
    {
        Options = options ?? new SimulatedHostOptions();
        Options.Validate();
        Clock = new SimulatedClock(this, Options.StartTime);
        Memory = new PhysicalMemory(this, Options);
        Processes = new ProcessTable(this);
        Cgroups = new CgroupTree(this);
        Files = new SimulatedFiles(this);
        Roots = HostRoots.Of(Files, "a simulated host");
    }

    /// <summary>Its files, for <see cref="ColdPageTrackerOptions.Roots"/>.</summary>
    public HostRoots Roots { get; }

    /// <summary>Its clock, for <see cref="ColdPageTrackerOptions.TimeProvider"/>. Timers go off once, at once, after the clock was moved to when they are due.</summary>
    public TimeProvider TimeProvider => Clock;

    /// <summary>Bytes of a page.</summary>
    public int PageSize => Options.PageSize;

    /// <summary>Its number of page frames.</summary>
    public int Frames => Memory.Frames.MaxPfn;

    /// <summary>Bytes of free memory.</summary>
    public long FreeBytes => (long)Memory.Frames.FreeFrames * PageSize;

    /// <summary>The root of the memcgs.</summary>
    public SimulatedMemcg Root => Cgroups.Root;

    /// <summary>All user memory, in the order of its frames, as it is now.</summary>
    public IReadOnlyList<SimulatedFolio> Folios
    {
        get
        {
            lock (Gate)
                return [.. Memory.Folios()];
        }
    }

    /// <summary>What uses memory while time goes by.</summary>
    public IReadOnlyList<SimulatedWorkload> Workloads
    {
        get
        {
            lock (Gate)
                return [.. _workloads];
        }
    }

    internal SimulatedHostOptions Options { get; }

    /// <summary>Held by whoever changes or reads the host.</summary>
    internal Lock Gate { get; } = new();

    internal SimulatedClock Clock { get; }

    internal PhysicalMemory Memory { get; }

    internal ProcessTable Processes { get; }

    internal CgroupTree Cgroups { get; }

    internal long FreeSwapPages => (Options.SwapBytes / PageSize) - Memory.Total(MemcgStat.Swap);

    internal SimulatedFiles Files { get; }

    private long NanosecondsPerStep => Options.WorkloadStep.Ticks * TimeSpan.NanosecondsPerTick;

    /// <summary>How many steps from now on all workloads do the same in.</summary>
    internal long StepsAlike
    {
        get
        {
            long alike = long.MaxValue;
            foreach (SimulatedWorkload workload in _workloads)
                alike = Math.Min(alike, workload.StepsAlike);
            return alike;
        }
    }

    /// <summary>
    /// A host of 256 MiB with a small tree of memcgs: services and pods, page cache and shared memory, huge pages, memory that is hot, cold, or
    /// hot for a while.
    /// </summary>
    /// <param name="seed">The same seed gives the same host.</param>
    public static SimulatedHost Demo(int seed) => DemoHost.Make(seed);

    /// <summary>Makes a memcg, and those above it that are missing. One that is there already is given back as it is.</summary>
    /// <param name="path">Its path from the root, such as "/system.slice/web.service".</param>
    /// <param name="inode">The inode of its folder; null for one that no other has had. A real kernel uses those of removed memcgs again.</param>
    /// <exception cref="ArgumentException">The path does not begin with a slash.</exception>
    public SimulatedMemcg MakeMemcg(string path, ulong? inode = null)
    {
        lock (Gate)
            return Cgroups.Make(path, inode);
    }

    /// <summary>The memcg at a path; null if there is none.</summary>
    /// <param name="path">Its path from the root.</param>
    public SimulatedMemcg? FindMemcg(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        lock (Gate)
            return Cgroups.Find(path);
    }

    /// <summary>Allocates memory for a workload and lets it run from now on.</summary>
    /// <param name="name">What to call it.</param>
    /// <param name="memcg">Who is charged.</param>
    /// <param name="kind">What it holds.</param>
    /// <param name="bytes">How much, rounded up to whole folios.</param>
    /// <param name="hotShare">Which share of it is touched all the time, from 0 to 1.</param>
    /// <param name="order">Each folio has 2 to the power of this many pages.</param>
    /// <exception cref="ArgumentException">The memcg is another host's, or a number is out of its range.</exception>
    /// <exception cref="InvalidOperationException">The memcg was removed, or there is no room; what there was room for has been made.</exception>
    public SimulatedWorkload AddWorkload(string name, SimulatedMemcg memcg, PageKind kind, long bytes, double hotShare, int order = 0)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(memcg);
        ArgumentOutOfRangeException.ThrowIfNegative(hotShare);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(hotShare, 1);
        if (memcg.Host != this)
            throw new ArgumentException($"{memcg.Path} is a memcg of another host.", nameof(memcg));
        lock (Gate)
        {
            SimulatedWorkload workload = new(this, name, memcg.Allocate(kind, bytes, order), hotShare);
            if (_workloads.Count == 0)
                _stepsDone = Clock.GetTimestamp() / NanosecondsPerStep;
            _workloads.Add(workload);
            return workload;
        }
    }

    /// <summary>Lets time go by, with whatever the workloads do in it.</summary>
    /// <param name="time">How much.</param>
    public void Advance(TimeSpan time) => Clock.Advance(time);

    /// <summary>How many steps the workloads have to make until a time.</summary>
    internal long StepsDue(long timestamp) => _workloads.Count == 0 ? 0 : Math.Max(0, (timestamp / NanosecondsPerStep) - _stepsDone);

    /// <summary>When the workloads will have made so many steps more.</summary>
    internal long TimeOfStep(long steps) => (_stepsDone + steps) * NanosecondsPerStep;

    /// <summary>So many steps of all workloads, by who has the lock: all alike, and if more follow at once, only what those will not do again.</summary>
    internal void Step(long steps, bool isLast)
    {
        _stepsDone += steps;
        foreach (SimulatedWorkload workload in _workloads)
        {
            if (workload.Advance(steps) || isLast)
                workload.Use(Memory);
        }
    }
}
