using System.Text;

namespace ColdPages.Simulation;

/// <summary>A memory cgroup of a simulated host. Its limits are only shown: nothing is reclaimed to keep them.</summary>
public sealed class SimulatedMemcg
{
    private readonly SimulatedHost _host;
    private readonly List<SimulatedMemcg> _children = [];

    internal SimulatedMemcg(SimulatedHost host, SimulatedMemcg? parent, string name, ulong inode, bool hasController, ulong lruGenId)
    {
        _host = host;
        Parent = parent;
        Name = name;
        Inode = inode;
        HasController = hasController;
        LruGenId = lruGenId;
        Generations = !host.Options.HasMultiGenLru ? [] : [.. Enumerable.Range(0, host.Options.Nodes).Select(node => new GenerationLists(this, node, host.Clock.GetTimestamp()))];
        Process = host.Processes.MakeOwn(this);
        NameBytes = Encoding.UTF8.GetBytes(name);
        Path = parent is null ? "/" : parent.Parent is null ? $"/{name}" : $"{parent.Path}/{name}";
        Directory = Encoding.UTF8.GetBytes(CgroupTree.MountPoint + (parent is null ? "" : Path));
        parent?._children.Add(this);
    }

    /// <summary>Its path from the root of the hierarchy, which is "/".</summary>
    public string Path { get; }

    /// <summary>The last part of its path; "/" of the root.</summary>
    public string Name { get; }

    /// <summary>The inode of its folder, by which the kernel tells whose a page is.</summary>
    public ulong Inode { get; }

    /// <summary>The memcg above it; null of the root.</summary>
    public SimulatedMemcg? Parent { get; }

    /// <summary>Those directly below it, in the order they were made, as it is now.</summary>
    public IReadOnlyList<SimulatedMemcg> Children
    {
        get
        {
            lock (_host.Gate)
                return [.. _children];
        }
    }

    /// <summary>Whether it was removed. What it was charged stays charged to the nearest one above it that is there.</summary>
    public bool IsRemoved { get; private set; }

    /// <summary>Bytes charged to it and those below it: memory.current.</summary>
    public long CurrentBytes => Counters[MemcgStat.Charged] * _host.PageSize;

    /// <summary>memory.min in bytes.</summary>
    public long MinBytes
    {
        get
        {
            lock (_host.Gate)
                return field;
        }

        set
        {
            lock (_host.Gate)
                field = value;
        }
    }

    /// <summary>memory.low in bytes.</summary>
    public long LowBytes
    {
        get
        {
            lock (_host.Gate)
                return field;
        }

        set
        {
            lock (_host.Gate)
                field = value;
        }
    }

    /// <summary>memory.high in bytes; null is "max", no limit.</summary>
    public long? HighBytes
    {
        get
        {
            lock (_host.Gate)
                return field;
        }

        set
        {
            lock (_host.Gate)
                field = value;
        }
    }

    /// <summary>memory.max in bytes; null is "max", no limit.</summary>
    public long? MaxBytes
    {
        get
        {
            lock (_host.Gate)
                return field;
        }

        set
        {
            lock (_host.Gate)
                field = value;
        }
    }

    /// <summary>memory.swap.max in bytes; null is "max", no limit.</summary>
    public long? SwapMaxBytes
    {
        get
        {
            lock (_host.Gate)
                return field;
        }

        set
        {
            lock (_host.Gate)
                field = value;
        }
    }

    internal SimulatedHost Host => _host;

    /// <summary>As <see cref="Children"/>, for who has the host's lock.</summary>
    internal List<SimulatedMemcg> Below => _children;

    internal byte[] NameBytes { get; }

    /// <summary>Its folder on the host.</summary>
    internal byte[] Directory { get; }

    /// <summary>Whether it has the memory controller; what is charged to one without is charged to the nearest one above that has.</summary>
    internal bool HasController { get; }

    /// <summary>What commands to the multi-generational LRU call it; 0 where it can't be called any more.</summary>
    internal ulong LruGenId { get; set; }

    /// <summary>Its generations, by node; none on a host that has no such LRU.</summary>
    internal GenerationLists[] Generations { get; }

    /// <summary>Its own process, which maps what nobody else is said to.</summary>
    internal SimulatedProcess Process { get; }

    internal StatCounters Counters { get; } = new();

    /// <summary>Itself, or the nearest above it that was not removed.</summary>
    internal SimulatedMemcg Living
    {
        get
        {
            SimulatedMemcg memcg = this;
            while (memcg.IsRemoved)
                memcg = memcg.Parent!;
            return memcg;
        }
    }

    /// <summary>Itself, or the nearest above it that has the memory controller.</summary>
    internal SimulatedMemcg Accountable
    {
        get
        {
            SimulatedMemcg memcg = this;
            while (!memcg.HasController)
                memcg = memcg.Parent!;
            return memcg;
        }
    }

    /// <summary>Makes folios in the lowest free frames, charged to this memcg and touched now.</summary>
    /// <param name="kind">What they hold. Anonymous memory and shmem are mapped by a process; page cache is not, until it is touched by an address.</param>
    /// <param name="bytes">How much, rounded up to whole folios.</param>
    /// <param name="order">Each folio has 2 to the power of this many pages: 0 for single pages, 9 for a huge page of 2 MiB in pages of 4 KiB.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="bytes"/> or <paramref name="order"/> is negative, or a folio would be larger than a huge page.</exception>
    /// <exception cref="InvalidOperationException">The memcg was removed, or there is no room; what there was room for has been made.</exception>
    public SimulatedFolio[] Allocate(PageKind kind, long bytes, int order = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        ArgumentOutOfRangeException.ThrowIfNegative(order);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(order, _host.Memory.PmdOrder);
        lock (_host.Gate)
        {
            long folioBytes = (long)_host.PageSize << order;
            SimulatedFolio[] folios = new SimulatedFolio[(bytes / folioBytes) + (bytes % folioBytes == 0 ? 0 : 1)];
            for (int i = 0; i < folios.Length; i++)
                folios[i] = _host.Memory.Allocate(this, kind, order);
            return folios;
        }
    }

    /// <summary>The truth that a measurement is held against: bytes of it and of those below it that nobody has touched for as long, or longer.</summary>
    /// <param name="age">A time since the last touch.</param>
    /// <param name="kind">Bytes of one kind only; null for all.</param>
    public long IdleBytes(TimeSpan age, PageKind? kind = null)
    {
        lock (_host.Gate)
        {
            long bytes = 0;
            foreach (SimulatedFolio folio in _host.Memory.Folios())
            {
                if (folio.Memcg is { } memcg && memcg.IsWithin(this) && (kind is null || folio.Kind == kind) && folio.IdleFor >= age)
                    bytes += folio.Bytes;
            }

            return bytes;
        }
    }

    /// <summary>Removes it, as rmdir does. Its memory stays, charged to the nearest one above it that is there.</summary>
    /// <exception cref="InvalidOperationException">It is the root, has others below it, or was removed before.</exception>
    public void Remove()
    {
        lock (_host.Gate)
        {
            if (Parent is null || _children.Count > 0 || IsRemoved)
                throw new InvalidOperationException($"{Path} can't be removed: it is the root, has others below it, or is gone.");
            IsRemoved = true;
            Parent._children.Remove(this);
            _host.Cgroups.Forget(this);
            _host.Memory.Reparent(this);
            _host.Processes.ForgetGone();
        }
    }

    /// <inheritdoc/>
    public override string ToString() => Path;

    /// <summary>Counts for itself and all above it, so that what a removed one was charged stays with those.</summary>
    internal void Count(MemcgStat stat, long change)
    {
        for (SimulatedMemcg? memcg = this; memcg is not null; memcg = memcg.Parent)
            memcg.Counters.Add(stat, change);
    }

    internal bool IsWithin(SimulatedMemcg ancestor)
    {
        for (SimulatedMemcg? memcg = this; memcg is not null; memcg = memcg.Parent)
        {
            if (memcg == ancestor)
                return true;
        }

        return false;
    }
}
