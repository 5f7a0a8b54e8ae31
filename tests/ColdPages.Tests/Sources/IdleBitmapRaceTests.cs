using ColdPages.Simulation;

namespace ColdPages.Tests;

/// <summary>What happens between two reads of one pass is told neither as idle nor as touched.</summary>
public sealed class IdleBitmapRaceTests
{
    private const int Pages = 3000;

    private readonly SimulatedHost _host = new(new SimulatedHostOptions { Frames = 16384, Cpus = 1 });

    [Fact]
    public void A_frame_that_is_used_again_before_it_is_asked_about_is_not_idle()
    {
        SimulatedFolio page = _host.MakeMemcg("/a").Allocate(PageKind.Anon, 4096)[0];
        SimulatedMemcg other = _host.MakeMemcg("/b");
        _host.Memory.DrainBatches();
        IdleBitmapRun run = new(_host);
        run.Passes(1);
        int frame = page.Frame;
        Before(
            "kpagecgroup",
            () =>
            {
                page.Free();
                _host.Memory.Allocate(other, PageKind.Anon, frame: frame);
                _host.Memory.DrainBatches();
            });
        run.Passes(1);
        Assert.Equal(0, run.PageAges.Pages.All);
    }

    [Fact]
    public void Pages_that_are_back_on_their_list_before_they_are_asked_about_count_as_touched_and_are_not_certainly_promoted()
    {
        SimulatedMemcg memcg = _host.MakeMemcg("/a");
        SimulatedFolio[] pages = memcg.Allocate(PageKind.Anon, Pages * 4096);
        _host.Memory.DrainBatches();
        IdleBitmapRun run = new(_host);
        run.Passes(4);
        Before(
            "page_idle/bitmap",
            () =>
            {
                Array.ForEach(pages, _host.Memory.Isolate);
                Before("kpagecgroup", () => Array.ForEach(pages, _host.Memory.PutBack));
            });
        run.Passes(1);
        Assert.Equal(0, Promoted(run, memcg));
        Assert.Equal(0, run.PageAges.Pages.All);
        run.Passes(1);
        Assert.Equal(Pages, run.PageAges.Pages.All);
    }

    [Fact]
    public void Pages_that_are_off_their_list_for_one_pass_keep_their_age_with_a_doubt_and_are_not_promoted()
    {
        SimulatedMemcg memcg = _host.MakeMemcg("/a");
        SimulatedFolio[] pages = memcg.Allocate(PageKind.Anon, Pages * 4096);
        _host.Memory.DrainBatches();
        IdleBitmapRun run = new(_host);
        run.Passes(4);
        Array.ForEach(pages, _host.Memory.Isolate);
        run.Passes(1);
        Array.ForEach(pages, _host.Memory.PutBack);
        Assert.Equal(0, Promoted(run, memcg));
        Assert.Equal(Pages, run.PageAges.Pages.All);

        // For three reasons: they could not be looked at, may be about to be moved, and no list has them.
        Assert.Equal(3, run.Doubts.Count(doubt => doubt.Bytes > 0));
        Assert.InRange(run.DoubtfulPages, Pages, 3 * Pages);
        run.Passes(1);
        Assert.Equal(Pages, run.PageAges.Pages.All);
        Assert.Equal(0, run.DoubtfulPages);
    }

    [Fact]
    public void Faults_of_a_child_between_two_reads_do_not_make_promotions_of_its_parent_certain()
    {
        SimulatedMemcg parent = _host.MakeMemcg("/a");
        SimulatedMemcg child = _host.MakeMemcg("/a/b");
        SimulatedFolio[] pages = parent.Allocate(PageKind.Anon, Pages * 4096);
        _host.Memory.DrainBatches();
        IdleBitmapRun run = new(_host);
        run.Passes(4);
        foreach (SimulatedFolio page in pages)
        {
            int frame = page.Frame;
            page.Free();
            _host.Memory.Allocate(parent, PageKind.Anon, frame: frame);
        }

        _host.Memory.DrainBatches();
        Before("/a/b/memory.stat", () => child.Allocate(PageKind.Anon, Pages * 4096));
        run.Passes(1);
        Assert.Equal(0, Promoted(run, parent));
    }

    // Once.
    private void Before(string file, Action action) => _host.Files.BeforeRead = (path, _) =>
    {
        if (!path.EndsWith(file, StringComparison.Ordinal))
            return;
        _host.Files.BeforeRead = null;
        action();
    };

    // Bytes told to have been touched for certain.
    private static long Promoted(IdleBitmapRun run, SimulatedMemcg memcg)
    {
        long[] values = new long[run.Source.Bins * 2];
        Assert.True(run.Source.TryCopyPromotions(run.Find(memcg)!, values));
        return values.Where((_, i) => i % 2 == 0).Sum();
    }
}
