using ColdPages.Simulation;

namespace ColdPages.Tests;

/// <summary>Pages whose owner becomes another while they stay idle.</summary>
public sealed class IdleBitmapOwnersTests
{
    private const int Page = 4096;

    private readonly SimulatedHost _host = new(new SimulatedHostOptions { Frames = 8192, Cpus = 1 });
    private readonly IdleBitmapRun _run;

    public IdleBitmapOwnersTests() => _run = new IdleBitmapRun(_host);

    [Fact]
    public void What_a_removed_memcg_had_is_its_parents_and_as_old_as_before()
    {
        SimulatedMemcg parent = _host.MakeMemcg("/a");
        SimulatedMemcg child = _host.MakeMemcg("/a/b");
        child.Allocate(PageKind.Anon, 100 * Page);
        _run.Passes(4);
        child.Remove();
        _run.Passes(1);
        Assert.Equal(100 * Page, _run.Ages(parent)[4].AnonBytes);
    }

    [Fact]
    public void A_folder_made_anew_with_the_same_inode_is_found_out()
    {
        SimulatedMemcg parent = _host.MakeMemcg("/a");
        SimulatedMemcg child = _host.MakeMemcg("/a/b");
        child.Allocate(PageKind.Anon, 1000 * Page);
        _run.Passes(4);
        child.Remove();
        SimulatedMemcg anew = _host.MakeMemcg("/a/b", child.Inode);
        _run.Passes(2);
        Assert.Equal(0, _run.Ages(anew).TotalBytes);
        Assert.Equal(1000 * Page, _run.Ages(parent).TotalBytes);
    }

    [Fact]
    public void More_idle_pages_than_a_memcg_has_are_a_doubt_for_as_long_as_no_question_explains_them()
    {
        SimulatedHost host = new(new SimulatedHostOptions { Frames = 8192, Cpus = 1, StatLag = 1000 });
        IdleBitmapRun run = new(host);
        SimulatedFolio[] folios = host.MakeMemcg("/a").Allocate(PageKind.Anon, 900 * Page);

        // memory.stat is further behind than it can be; all is asked about once, and not again in every pass.
        run.Passes(4);
        long asked = run.Source.Cost.EntriesRead()["/proc/kpagecgroup"];
        Assert.Equal(900 - 127, run.DoubtfulPages);
        run.Passes(2);
        Assert.Equal(900 - 127, run.DoubtfulPages);
        Assert.InRange(run.Source.Cost.EntriesRead()["/proc/kpagecgroup"] - asked, 0, 900);
        foreach (SimulatedFolio folio in folios[..500])
            folio.Free();
        run.Passes(1);
        Assert.Equal(400 - 127, run.DoubtfulPages);
    }

    [Fact]
    public void Charges_that_were_moved_are_found_in_time()
    {
        SimulatedMemcg from = _host.MakeMemcg("/a");
        SimulatedMemcg to = _host.MakeMemcg("/b");
        SimulatedFolio[] moved = from.Allocate(PageKind.Anon, 50 * Page);
        from.Allocate(PageKind.Anon, 1000 * Page);
        _run.Passes(3);
        foreach (SimulatedFolio folio in moved)
            _host.Memory.MoveCharge(folio, to);

        // Fewer than what memory.stat may be late by: only the share of each pass that is asked about again brings it to light.
        _run.Passes(1);
        Assert.Equal(50 * Page, _run.Ages(from).BytesOlderThan(IdleBitmapRun.Interval).AtLeast - (1000 * Page));
        _run.Passes(IdleBitmap.BlockWords + 2);
        Assert.Equal(1000 * Page, _run.Ages(from).TotalBytes);
        Assert.Equal(50 * Page, _run.Ages(to).TotalBytes);
        Assert.Equal(50 * Page, _run.Ages(to).BytesOlderThan(IdleBitmapRun.Interval).AtLeast);
    }

    [Fact]
    public void Pages_that_came_by_migration_where_idle_ones_were_are_found_at_once()
    {
        SimulatedMemcg from = _host.MakeMemcg("/a");
        SimulatedMemcg to = _host.MakeMemcg("/b");
        SimulatedFolio[] freed = from.Allocate(PageKind.Anon, 500 * Page);
        SimulatedFolio[] moved = to.Allocate(PageKind.Anon, 500 * Page);
        _run.Passes(4);
        for (int i = 0; i < 100; i++)
        {
            int frame = freed[i].Frame;
            freed[i].Free();
            _host.Memory.Migrate(moved[i], frame);
        }

        _run.Passes(1);
        Assert.Equal(400 * Page, _run.Ages(from).TotalBytes);
        Assert.Equal((100L * Page, 400L * Page), (_run.Ages(to)[0].AnonBytes, _run.Ages(to)[4].AnonBytes));
        Assert.InRange(_run.DoubtfulPages, 100, 200);
    }

    [Fact]
    public void A_small_page_where_a_huge_one_was_is_not_taken_for_it()
    {
        SimulatedMemcg memcg = _host.MakeMemcg("/a");
        SimulatedFolio[] pages = memcg.Allocate(PageKind.Anon, 3000 * Page);
        SimulatedFolio huge = memcg.Allocate(PageKind.Anon, 512 * Page, order: 9)[0];
        _run.Passes(4);
        int frame = huge.Frame;
        huge.Free();
        _host.Memory.Migrate(pages[0], frame);
        _run.Passes(1);
        Assert.Equal(3000 * Page, _run.Ages(memcg).TotalBytes);
        Assert.Equal(2999 * Page, _run.Ages(memcg)[4].AnonBytes);
    }

    [Fact]
    public void The_pieces_of_a_split_folio_are_known_by_their_marks()
    {
        // So few pages that no count has all large folios asked about again.
        SimulatedMemcg memcg = _host.MakeMemcg("/a");
        SimulatedFolio large = memcg.Allocate(PageKind.Anon, 4 * Page, order: 2)[0];
        memcg.Allocate(PageKind.Anon, 6000 * Page);
        _run.Passes(4);
        List<SimulatedFolio> pieces = _host.Memory.Split(large);
        _run.Passes(1);
        Assert.Equal((1L * Page, 3L * Page, 6000L * Page), (_run.Ages(memcg)[0].AnonBytes, _run.Ages(memcg)[1].AnonBytes, _run.Ages(memcg)[4].AnonBytes));
        pieces[2].Touch();
        _run.Passes(1);
        Assert.Equal((1L * Page, 1L * Page, 2L * Page), (_run.Ages(memcg)[0].AnonBytes, _run.Ages(memcg)[1].AnonBytes, _run.Ages(memcg)[2].AnonBytes));
    }

    [Fact]
    public void Who_begins_anew_tells_all_to_be_younger()
    {
        SimulatedMemcg memcg = _host.MakeMemcg("/a");
        SimulatedFolio[] pages = memcg.Allocate(PageKind.Anon, 600 * Page);
        for (int pass = 0; pass < 7; pass++)
        {
            for (int i = 0; i < pages.Length; i += 1 + (pass * 3))
                pages[i].Touch();
            _run.Passes(1);
        }

        for (int pass = 0; pass < 12; pass++)
        {
            // Looked at again at once, without a touch, by another source: nothing that it tells is older.
            AgeHistogram before = _run.Ages(memcg);
            _run.Restart();
            _run.Passes(1);
            Assert.Equal(600 * Page, _run.Ages(memcg)[0].AnonBytes);
            _run.Passes(pass % 4);
            AgeHistogram after = _run.Ages(memcg);
            TimeSpan gone = (IdleBitmapRun.Interval * (1 + (pass % 4))) + TimeSpan.FromSeconds(1);
            foreach (AgeBin bin in after)
                Assert.True(after.BytesOlderThan(bin.From).AtLeast <= before.BytesOlderThan(bin.From - gone).AtMost);
        }
    }
}
