using ColdPages.Simulation;

namespace ColdPages.Tests;

/// <summary>Promotions are bounds: whatever else may have come to a frame that was idle is not touched for certain.</summary>
public sealed class IdleBitmapPromotionsTests
{
    private const int Page = 4096;
    private const int Pages = 1100;

    // What memory.stat may be late by on one CPU.
    private const int Lag = 127;

    private readonly SimulatedHost _host = new(new SimulatedHostOptions { Frames = 8192, Cpus = 1 });
    private readonly SimulatedMemcg _memcg;
    private readonly SimulatedFolio[] _pages;
    private readonly SimulatedFolio[] _hot;
    private readonly IdleBitmapRun _run;

    public IdleBitmapPromotionsTests()
    {
        _memcg = _host.MakeMemcg("/a");
        _pages = _memcg.Allocate(PageKind.Anon, Pages * Page);
        _hot = _memcg.Allocate(PageKind.Anon, Pages * Page);
        _run = new IdleBitmapRun(_host);
        for (int pass = 0; pass < 5; pass++)
            Pass();
    }

    [Fact]
    public void Touched_pages_are_promoted()
    {
        Each(page => page.Touch());
        Assert.Equal(new ByteBounds((Pages - Lag) * Page, Pages * Page), Promoted());
    }

    [Fact]
    public void Pages_that_are_gone_are_not()
    {
        Each(page => page.Free());
        Assert.Equal(new ByteBounds(0, 0), Promoted());
    }

    [Fact]
    public void New_ones_in_their_place_may_be()
    {
        Each(page => page.Free());
        _memcg.Allocate(PageKind.Anon, Pages * Page);
        Assert.Equal(new ByteBounds(0, Pages * Page), Promoted());
    }

    [Fact]
    public void A_huge_page_in_their_place_takes_one_fault_and_is_not_for_certain()
    {
        int head = (_pages[0].Frame + 511) & ~511;
        Each(page => page.Free());
        _host.Memory.Allocate(_memcg, PageKind.Anon, 9, head, byFault: true);
        Assert.Equal(0, Promoted().AtLeast);
    }

    [Fact]
    public void Page_tables_in_their_place_are_not_for_certain()
    {
        Each(page => page.Free());
        for (int i = 0; i < Pages; i++)
            _host.Memory.AllocateKernel(FolioUse.PageTable, _memcg);
        Assert.Equal(0, Promoted().AtLeast);
    }

    [Fact]
    public void Hot_pages_that_were_migrated_to_their_place_are_not_for_certain()
    {
        for (int i = 0; i < Pages; i++)
        {
            int frame = _pages[i].Frame;
            _pages[i].Free();
            _host.Memory.Migrate(_hot[i], frame);
        }

        Assert.Equal(0, Promoted().AtLeast);
    }

    [Fact]
    public void Touched_pages_that_were_migrated_may_be()
    {
        Each(page =>
        {
            page.Touch();
            _host.Memory.Migrate(page);
        });
        Assert.Equal(new ByteBounds(0, Pages * Page), Promoted());
    }

    [Fact]
    public void Of_pages_that_are_gone_no_more_may_be_than_were_migrated()
    {
        Each(page => page.Free());
        for (int i = 0; i < 10; i++)
            _host.Memory.Migrate(_hot[i], _host.Frames - 1 - i);
        Assert.Equal(new ByteBounds(0, 10 * Page), Promoted());
    }

    [Fact]
    public void Younger_pages_that_were_migrated_to_their_place_have_not_for_certain_been_idle_for_so_long()
    {
        for (int i = 0; i < Pages; i++)
        {
            int frame = _pages[i].Frame;
            _pages[i].Free();
            _host.Memory.Migrate(_hot[i], frame);
        }

        _run.Passes(1); // They look like those before them, and as idle.
        Assert.Equal(new ByteBounds(0, Pages * Page), Promoted());
    }

    [Fact]
    public void What_came_while_the_pass_before_was_under_way_is_not_for_certain()
    {
        // After that pass has read their bits, and before it reads the page faults.
        bool done = false;
        _hot[0].Touch();
        _host.Files.BeforeWrite = (_, _) =>
        {
            if (done)
                return;
            done = true;
            Each(page => page.Free());
            _memcg.Allocate(PageKind.Anon, Pages * Page);
        };
        Pass();
        Assert.True(done);
        Assert.Equal(0, Promoted().AtLeast);
    }

    private void Each(Action<SimulatedFolio> action)
    {
        foreach (SimulatedFolio page in _pages)
            action(page);
    }

    private void Pass()
    {
        foreach (SimulatedFolio page in _hot)
            page.Touch();
        _run.Passes(1);
    }

    // Of those that had been idle for several passes.
    private ByteBounds Promoted()
    {
        Pass();
        long[] values = new long[_run.Source.Bins * 2];
        Assert.True(_run.Source.TryCopyPromotions(_run.Find(_memcg)!, values));
        ByteBounds promoted = default;
        for (int age = 2; age < _run.Source.Bins; age++)
            promoted += new ByteBounds(values[age * 2], values[(age * 2) + 1]);
        return promoted;
    }
}
