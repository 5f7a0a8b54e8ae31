using ColdPages.Simulation;
using FsCheck.Xunit;

namespace ColdPages.Tests;

/// <summary>Whatever happens to a simulated host, its own books are right: else nothing that is tested on it means anything.</summary>
public sealed class SimulationPropertyTests
{
    private static readonly SimulatedHostOptions s_options = new() { Frames = 2048 + 37, FramesPerSection = 512 };

    [Property(MaxTest = 200)]
    public void Frames_lists_and_charges_add_up((byte Action, ushort Which)[] steps, byte batch)
    {
        HostHistory history = new(new SimulatedHost(s_options with { FreshBatch = batch % 5 }));
        foreach ((byte action, ushort which) in steps)
        {
            history.Step(action, which);
            HostInvariants.Check(history.Host);
        }

        Assert.Equal(history.Host.Folios, history.Live.OrderBy(folio => folio.Frame));
    }

    [Property(MaxTest = 300)]
    public void The_bitmap_shows_what_is_marked_and_not_touched_since((byte Action, ushort Which)[] steps)
    {
        HostHistory history = new(new SimulatedHost(s_options));
        foreach ((byte action, ushort which) in steps)
        {
            history.Step(action, which);
            if (which % 3 != 0)
                continue;
            ulong[] expected = HostInvariants.ExpectedBits(history.Host);
            Assert.Equal(expected, history.Host.Bits());
        }
    }

    [Property(MaxTest = 300)]
    public void What_is_marked_reads_idle_only_while_nobody_touches_it((byte Action, ushort Which)[] steps)
    {
        // Those who hide touches apart, and those who hold locks: a page that reads idle was not touched since its mark.
        HostHistory history = new(new SimulatedHost(s_options));
        Dictionary<SimulatedFolio, long> marked = [];
        foreach ((byte action, ushort which) in steps)
        {
            if (action % 24 is 3 or 17 or 18 or 19 or 22 or 23)
                continue;
            history.Step(action, which);
            if (action % 24 != 1)
                continue;
            foreach (SimulatedFolio folio in history.Live)
            {
                if (folio.Lru == LruState.OnList)
                    marked[folio] = folio.TouchNumber;
            }
        }

        history.Host.Bits();
        foreach (SimulatedFolio folio in history.Live)
        {
            if (folio.Lru == LruState.OnList && folio.Has(FolioFlags.Idle))
                Assert.Equal(marked[folio], folio.TouchNumber);
        }
    }

    [Property(MaxTest = 100)]
    public void Memory_stat_is_never_later_than_its_lag((byte Action, ushort Which)[] steps, byte lag)
    {
        HostHistory late = new(new SimulatedHost(s_options with { StatLag = lag }));
        HostHistory exact = new(new SimulatedHost(s_options));
        foreach ((byte action, ushort which) in steps)
        {
            late.Step(action, which);
            exact.Step(action, which);
            foreach (string key in (string[])["anon", "file", "inactive_anon", "inactive_file", "unevictable"])
                Assert.InRange(late.Host.Stat(late.Host.Root, key), exact.Host.Stat(exact.Host.Root, key) - lag, exact.Host.Stat(exact.Host.Root, key) + lag);
        }
    }

    [Property(MaxTest = 100)]
    public void The_same_history_gives_the_same_bytes((byte Action, ushort Which)[] steps)
    {
        string first = Run();
        Assert.Equal(first, Run());

        string Run()
        {
            HostHistory history = new(new SimulatedHost(s_options));
            foreach ((byte action, ushort which) in steps)
                history.Step(action, which);
            byte[] bytes = new byte[history.Host.Frames * 8];
            history.Host.Read("/proc/kpageflags", 0, bytes);
            return history.Host.Text("/proc/vmstat") + history.Host.Text("/sys/fs/cgroup/memory.stat") + Convert.ToHexString(bytes)
                + history.Host.TimeProvider.GetTimestamp();
        }
    }
}
