using System.Buffers.Text;
using System.Numerics;

namespace ColdPages.Simulation;

/// <summary>The processes of a host, by pid.</summary>
internal sealed class ProcessTable(SimulatedHost host)
{
    private const int FirstPid = 100;

    private readonly List<SimulatedProcess> _processes = [];
    private readonly SimulatedProcess?[] _byBit = new SimulatedProcess?[64];
    private int _nextPid = FirstPid;

    /// <summary>In the order of their pids.</summary>
    public IReadOnlyList<SimulatedProcess> All => _processes;

    public SimulatedProcess? Find(int pid)
    {
        foreach (SimulatedProcess process in _processes)
        {
            if (process.Pid == pid)
                return process;
        }

        return null;
    }

    /// <summary>A memcg's own process.</summary>
    public SimulatedProcess MakeOwn(SimulatedMemcg memcg) => Add(new SimulatedProcess(_nextPid++, memcg, SimulatedProcess.OwnBit));

    /// <summary>Another process in a memcg.</summary>
    public SimulatedProcess Start(SimulatedMemcg memcg)
    {
        int number = Array.IndexOf(_byBit, null, 1);
        if (number < 0)
            throw new InvalidOperationException("No more than 63 processes besides the memcgs' own can be told apart.");
        SimulatedProcess process = new(_nextPid++, memcg, 1UL << number);
        _byBit[number] = process;
        return Add(process);
    }

    /// <summary>It ends: what it maps is unmapped, and anonymous memory that nobody else maps is freed.</summary>
    public void Exit(SimulatedProcess process)
    {
        if (process.Bit == SimulatedProcess.OwnBit)
            throw new InvalidOperationException("A memcg's own process ends with the host.");
        foreach (SimulatedFolio folio in host.Memory.Folios().Where(folio => (folio.MappedBy & process.Bit) != 0).ToList())
            host.Memory.UnmapBy(folio, process);
        _byBit[BitOperations.TrailingZeroCount(process.Bit)] = null;
        _processes.Remove(process);
    }

    /// <summary>Forgets those of removed memcgs that have nothing left to map.</summary>
    public void ForgetGone() => _processes.RemoveAll(static process =>
        process.Bit == SimulatedProcess.OwnBit && process.Home.IsRemoved && process.Home.Counters[MemcgStat.Charged] == 0);

    /// <summary>Whose a bit among those that map a folio is.</summary>
    public SimulatedProcess Of(SimulatedFolio folio, ulong bit) =>
        bit == SimulatedProcess.OwnBit ? (folio.Charged ?? host.Root).Process : _byBit[BitOperations.TrailingZeroCount(bit)]!;

    /// <summary>Finds the process and the file of a path /proc/PID/FILE.</summary>
    public bool TryFind(ReadOnlySpan<byte> path, out SimulatedProcess? process, out ProcessFile file)
    {
        process = null;
        file = default;
        if (!path.StartsWith("/proc/"u8) || !Utf8Parser.TryParse(path["/proc/"u8.Length..], out int pid, out int digits))
            return false;
        ReadOnlySpan<byte> name = path[("/proc/"u8.Length + digits)..];
        if (name.SequenceEqual("/status"u8))
            file = ProcessFile.Status;
        else if (name.SequenceEqual("/cgroup"u8))
            file = ProcessFile.Cgroup;
        else
            return false;
        process = Find(pid);
        return process is not null;
    }

    private SimulatedProcess Add(SimulatedProcess process)
    {
        _processes.Add(process);
        return process;
    }
}
