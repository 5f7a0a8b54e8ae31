namespace ColdPages.Simulation;

/// <summary>
/// Memory of one memcg that is used in a fixed manner: at each step of the host (<see cref="SimulatedHostOptions.WorkloadStep"/>) its hot part is
/// touched, and the rest is not.
/// </summary>
public sealed class SimulatedWorkload
{
    private readonly SimulatedHost _host;
    private readonly SimulatedFolio[] _folios;
    private long _steps;
    private int _first;

    internal SimulatedWorkload(SimulatedHost host, string name, SimulatedFolio[] folios, double hotShare)
    {
        _host = host;
        Name = name;
        _folios = folios;
        HotShare = hotShare;
    }

    /// <summary>What it is called.</summary>
    public string Name { get; }

    /// <summary>Its folios; those that were freed are passed over.</summary>
    public IReadOnlyList<SimulatedFolio> Folios => _folios;

    /// <summary>Which share of its folios is hot, from 0 to 1.</summary>
    public double HotShare
    {
        get;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, 1);
            lock (_host.Gate)
                field = value;
        }
    }

    /// <summary>After this many steps the hot part moves on by <see cref="MovesBy"/>; 0 if it never does.</summary>
    public int MovesEvery
    {
        get;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            lock (_host.Gate)
                field = value;
        }
    }

    /// <summary>By which share of its folios the hot part moves on, from 0 to 1: what it leaves begins to age.</summary>
    public double MovesBy
    {
        get;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, 1);
            lock (_host.Gate)
                field = value;
        }
    }

    /// <summary>Whether it is read by system calls, as page cache is, rather than by addresses.</summary>
    public bool ReadsByCalls { get; set; }

    /// <summary>How many steps from now on it does the same in.</summary>
    internal long StepsAlike => MovesEvery == 0 ? long.MaxValue : Math.Max(1, MovesEvery - (_steps % MovesEvery) - 1);

    /// <summary>Makes steps that are alike; says whether it will not be at the same place in the next.</summary>
    internal bool Advance(long steps)
    {
        if (MovesEvery == 0 || _folios.Length == 0)
            return false;
        _steps += steps;
        if (_steps % MovesEvery == 0)
            _first = (_first + (int)Math.Round(MovesBy * _folios.Length)) % _folios.Length;
        return (_steps + 1) % MovesEvery == 0;
    }

    /// <summary>Touches what is hot.</summary>
    internal void Use(PhysicalMemory memory)
    {
        int hot = (int)Math.Round(HotShare * _folios.Length);
        for (int i = 0; i < hot; i++)
        {
            SimulatedFolio folio = _folios[(_first + i) % _folios.Length];
            if (folio.IsFree)
                continue;
            if (ReadsByCalls)
                memory.Read(folio);
            else
                memory.Touch(folio);
        }
    }
}
