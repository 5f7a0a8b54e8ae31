using ColdPages.Simulation;
using FsCheck.Xunit;

namespace ColdPages.Tests;

/// <summary>Whatever happens to a simulated host with the multi-generational LRU, its books are right.</summary>
public sealed class SimulationGenerationsPropertyTests
{
    [Property(MaxTest = 200)]
    public void Generations_lists_and_processes_add_up((byte Action, ushort Which)[] steps, byte flags)
    {
        SimulatedHost host = new(new SimulatedHostOptions
        {
            Frames = 2048 + 37,
            FramesPerSection = 512,
            HasMultiGenLru = true,
            HasNewLruGen = (flags & 1) != 0,
            FreshBatch = (flags & 2) != 0 ? 5 : 0,
            Nodes = (flags & 4) != 0 ? 2 : 1,
            SwapBytes = (flags & 8) != 0 ? 64 * 4096 : 1 << 30,
        });
        HostHistory history = new(host);
        foreach ((byte action, ushort which) in steps)
        {
            if (action < 160)
                history.Step(action, which);
            else
                Change(history, action, which);
            HostInvariants.Check(host);
        }

        Assert.Equal(host.Folios, history.Live.OrderBy(folio => folio.Frame));
    }

    private static void Change(HostHistory history, byte action, ushort which)
    {
        SimulatedHost host = history.Host;
        SimulatedMemcg[] memcgs = [.. MemcgsOf(host.Root)];
        SimulatedMemcg memcg = memcgs[which % memcgs.Length];
        SimulatedProcess[] processes = [.. host.Processes.All];
        SimulatedProcess process = processes[which / 8 % processes.Length];
        switch (action % 8)
        {
            case 0 or 1 or 2:
                Assert.Equal(Errno.None, host.Command($"+ {memcg.LruGenId} {which % host.Options.Nodes} {memcg.Generations[which % host.Options.Nodes].Youngest} {which % 3} 1"));
                break;
            case 3:
                host.Memory.Reclaim(memcg, which % 64);
                history.Live.RemoveAll(folio => folio.IsFree);
                break;
            case 4 when host.Memory.SwapIn(which % 2 == 0) is { } folio:
                history.Live.Add(folio);
                break;
            case 5 when which % 4 == 0 && processes.Length < 20:
                host.Processes.Start(memcg);
                break;
            case 5 when which % 4 == 1 && process.Bit != SimulatedProcess.OwnBit:
                host.Processes.Exit(process);
                history.Live.RemoveAll(folio => folio.IsFree);
                break;
            case 5:
                process.Memcg = memcg;
                break;
            case 6 when history.Live.Count > 0:
                SimulatedFolio touched = history.Live[which % history.Live.Count];
                if (process.Bit != SimulatedProcess.OwnBit && touched.UnmappedTails == 0)
                    host.Memory.Touch(touched, process);
                break;
            case 7 when which % 8 == 0:
                host.Memory.SwitchLruGen(host.Memory.LruGenFeatures ^ LruGenFeatures.Core);
                host.Memory.SwitchLruGen(host.Memory.LruGenFeatures | LruGenFeatures.Core);
                break;
        }
    }

    private static IEnumerable<SimulatedMemcg> MemcgsOf(SimulatedMemcg memcg) => memcg.Children.SelectMany(MemcgsOf).Prepend(memcg);
}
