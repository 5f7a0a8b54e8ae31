using ColdPages.Simulation;

namespace ColdPages.Tests;

/// <summary>Pages that are off their lists for a moment, when the idle bitmap does not show them.</summary>
public sealed class IdleBitmapIsolationTests
{
    private readonly SimulatedHost _host = new(new SimulatedHostOptions { Frames = 4096 });
    private readonly SimulatedMemcg _a;
    private readonly SimulatedMemcg _b;
    private readonly SimulatedFolio[] _pages;
    private readonly IdleBitmapRun _run;

    public IdleBitmapIsolationTests()
    {
        _a = _host.MakeMemcg("/a");
        _b = _host.MakeMemcg("/b");
        _pages = _a.Allocate(PageKind.Anon, 100 * 4096);
        _run = new IdleBitmapRun(_host);
        _run.Passes(4);
    }

    [Fact]
    public void They_keep_their_age_once()
    {
        _host.Memory.Isolate(_pages[5]);
        _run.Passes(1);
        Assert.Equal(100 * 4096, _run.Ages(_a)[4].AnonBytes);
        _run.Passes(1);
        Assert.Equal(99 * 4096, _run.Ages(_a)[5].AnonBytes);
    }

    [Fact]
    public void Back_on_their_lists_they_are_as_old_as_they_are()
    {
        _host.Memory.Isolate(_pages[5]);
        _run.Passes(1);
        _host.Memory.PutBack(_pages[5]);
        _run.Passes(1);
        Assert.Equal(100 * 4096, _run.Ages(_a)[5].AnonBytes);
    }

    [Fact]
    public void A_touch_meanwhile_shows_when_they_are_back()
    {
        _host.Memory.Isolate(_pages[5]);
        _pages[5].Touch();

        // The pass finds it off its list, and it is there again when the pass marks pages.
        _host.Files.BeforeWrite = (_, _) => _host.Memory.PutBack(_pages[5]);
        _pages[6].Touch();
        _run.Passes(1);
        _host.Files.BeforeWrite = null;
        _run.Passes(1);
        AgeHistogram ages = _run.Ages(_a);
        Assert.Equal((4096L, 4096L, 98 * 4096L), (ages[0].AnonBytes, ages[1].AnonBytes, ages[5].AnonBytes));
    }

    [Fact]
    public void Those_of_another_memcg_are_not_taken_for_them()
    {
        SimulatedFolio other = _b.Allocate(PageKind.Anon, 4096)[0];
        _run.Passes(2);
        _pages[5].Free();
        _host.Memory.Migrate(other, 5);
        _host.Memory.Isolate(other);
        _run.Passes(1);
        Assert.Equal(99 * 4096, _run.Ages(_a).TotalBytes);
        Assert.Equal(4096, _run.Ages(_a)[6].AnonBytes / 99);
    }

    [Fact]
    public void Nor_are_smaller_ones()
    {
        _a.Allocate(PageKind.Anon, 1, order: 4);
        SimulatedFolio large = _host.Folios[^1];
        SimulatedFolio small = _a.Allocate(PageKind.Anon, 4096)[0];
        _run.Passes(3);
        int frame = large.Frame;
        large.Free();
        _host.Memory.Migrate(small, frame);
        _host.Memory.Isolate(small);
        _run.Passes(1);
        Assert.Equal(100 * 4096, _run.Ages(_a).TotalBytes);
    }
}
