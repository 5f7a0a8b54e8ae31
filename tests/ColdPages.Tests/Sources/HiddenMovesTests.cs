namespace ColdPages.Tests;

public sealed class HiddenMovesTests
{
    private const long Tracked = 100_000;

    private static readonly TrackedPages Some = new(Tracked, 0, 0, 0);

    private readonly FakeHost _host = new();
    private readonly HiddenMoves _moves;

    public HiddenMovesTests()
    {
        _moves = new HiddenMoves(_host);
        Counts(migrated: 5000, split: 20, swappedIn: 70);
    }

    [Fact]
    public void Counts_that_stand_still_leave_no_doubt()
    {
        Pass(1, tracked: 0);
        for (byte mark = 2; mark < 6; mark++)
            Assert.Equal(AskAgain.None, Pass(mark));
        Assert.Equal((0L, true, 0L), (_moves.DoubtfulPages(Some), _moves.IsKnown, _moves.Arrived));
    }

    [Fact]
    public void Few_migrations_stay_a_doubt_until_they_are_many_and_then_all_is_asked_again()
    {
        Pass(1, tracked: 0);
        Counts(migrated: 5060, split: 20, swappedIn: 70);
        Assert.Equal(AskAgain.None, Pass(2));
        Assert.Equal(60, _moves.DoubtfulPages(Some));
        Counts(migrated: 5101, split: 20, swappedIn: 70);
        Assert.Equal(AskAgain.All, Pass(3));
        _moves.Clear(3, AskAgain.All);

        // One that came to a frame of its own kind cannot be told from the one before, for as long as ages reach back to it.
        Assert.Equal(101, _moves.DoubtfulPages(Some));
        Assert.Equal(AskAgain.None, Pass(4));
        Assert.Equal(101, _moves.DoubtfulPages(Some));
        Assert.Equal(AskAgain.None, Pass(3));
        Assert.Equal(0, _moves.DoubtfulPages(Some));
    }

    [Fact]
    public void A_migration_may_make_a_large_folio_wrong_until_those_are_asked_about()
    {
        Pass(1, tracked: 0);
        Counts(migrated: 5002, split: 20, swappedIn: 70);
        Assert.Equal(AskAgain.Large, Pass(2, large: 50_000));
        Assert.Equal(2 + 1024, _moves.DoubtfulPages(Some with { Large = 50_000 }));
        Assert.Equal(2 + 300, _moves.DoubtfulPages(Some with { Large = 300 }));
        _moves.Clear(2, AskAgain.Large);
        Assert.Equal(2, _moves.DoubtfulPages(Some with { Large = 50_000 }));
    }

    [Fact]
    public void A_split_of_the_largest_size_is_512_pages_and_the_large_ones_are_asked_about()
    {
        Pass(1, tracked: 0);
        Counts(migrated: 5000, split: 21, swappedIn: 70);
        Assert.Equal(AskAgain.Large, Pass(2));
        Assert.Equal(512, _moves.DoubtfulPages(Some));
        _moves.Clear(2, AskAgain.Large);
        Assert.Equal(AskAgain.None, Pass(3));
    }

    [Fact]
    public void What_moves_while_a_pass_runs_is_a_doubt_at_once_and_counts_once()
    {
        Pass(1, tracked: 0);
        Assert.Equal(AskAgain.None, _moves.Begin(2, Some));
        Counts(migrated: 5050, split: 20, swappedIn: 70);
        _moves.End();
        Assert.Equal(50, _moves.DoubtfulPages(Some));
        Pass(3);
        Assert.Equal(50, _moves.DoubtfulPages(Some));
    }

    [Fact]
    public void What_arrived_is_counted_since_the_last_pass_that_ended_well_began()
    {
        Pass(1, tracked: 0);
        Assert.Null(_moves.Arrived);
        _moves.Begin(2, Some);
        Counts(migrated: 5000, split: 20, swappedIn: 75);
        _moves.End();
        Assert.Equal(5, _moves.Arrived);
        Counts(migrated: 5000, split: 20, swappedIn: 90);
        _moves.Begin(3, Some); // Ends with an error.
        Counts(migrated: 5007, split: 20, swappedIn: 100);
        Pass(4);
        Assert.Equal((37L, 37L), (_moves.Arrived, _moves.Moved));
    }

    [Fact]
    public void A_count_that_is_missing_for_a_while_loses_no_move()
    {
        Pass(1, tracked: 0);
        _host.Delete("/proc/vmstat");
        Pass(2);
        Assert.False(_moves.IsKnown);
        Assert.Null(_moves.Arrived);
        Counts(migrated: 5060, split: 20, swappedIn: 70);
        Pass(3);
        Assert.Equal((60L, true), (_moves.DoubtfulPages(Some), _moves.IsKnown));
        Assert.Null(_moves.Arrived);
    }

    [Fact]
    public void A_count_that_was_never_there_leaves_all_that_was_tracked_in_doubt_when_it_comes()
    {
        _host.Delete("/proc/vmstat");
        Pass(1, tracked: 0);
        Pass(2);
        Counts(migrated: 5060, split: 20, swappedIn: 70);
        Assert.Equal(AskAgain.All, Pass(3));
        Assert.Equal(Tracked, _moves.DoubtfulPages(Some));
        _moves.Clear(3, AskAgain.All);
        Assert.Equal(Tracked, _moves.DoubtfulPages(Some));
        Assert.Equal(AskAgain.None, Pass(4));
    }

    [Fact]
    public void A_count_that_is_gone_at_the_end_of_a_pass_is_said()
    {
        Pass(1, tracked: 0);
        _moves.Begin(2, Some);
        _host.Delete("/proc/vmstat");
        _moves.End();
        Assert.False(_moves.IsKnown);
    }

    [Fact]
    public void The_two_ways_to_count_splits_are_not_mixed()
    {
        const string Split = "/sys/kernel/mm/transparent_hugepage/hugepages-64kB/stats/split";
        _host.Write(Split, "100000\n");
        Pass(1, tracked: 0);
        _host.OnList = static _ => Errno.EIO;
        Counts(migrated: 5060, split: 20, swappedIn: 70);
        Pass(2);
        Assert.False(_moves.IsKnown);
        _host.OnList = null;
        _host.Write(Split, "100001\n");
        Pass(3);
        Assert.Equal((60L + 16, true), (_moves.DoubtfulPages(Some), _moves.IsKnown));
    }

    [Fact]
    public void A_mapping_of_a_huge_page_that_is_split_takes_a_touch_along_where_it_is_not_anonymous_and_no_question_helps()
    {
        TrackedPages tracked = Some with { Large = 50_000, LargeFile = 5120 };
        Pass(1, tracked: 0);
        Counts(migrated: 5000, split: 20, swappedIn: 70, mappingsSplit: 2);
        Assert.Equal(AskAgain.None, _moves.Begin(2, tracked));
        Counts(migrated: 5000, split: 20, swappedIn: 70, mappingsSplit: 3);
        _moves.End();
        Assert.Equal(3 * 512, _moves.DoubtfulPages(tracked));
        Assert.Equal(700, _moves.DoubtfulPages(tracked with { LargeFile = 700 }));
        Assert.Equal(0, _moves.DoubtfulPages(Some));
        Pass(3);
        _moves.Clear(3, AskAgain.All);
        Assert.Equal(3 * 512, _moves.DoubtfulPages(tracked));

        // For as long as ages reach back to it.
        Pass(2);
        Assert.Equal(512, _moves.DoubtfulPages(tracked));
        Pass(3);
        Assert.Equal(0, _moves.DoubtfulPages(tracked));
    }

    [Fact]
    public void Pages_of_a_migration_that_is_under_way_are_a_doubt_until_they_are_counted()
    {
        Pass(1, tracked: 0);
        Counts(migrated: 5000, split: 20, swappedIn: 70, isolated: 40);
        Pass(2);
        Assert.Equal((40L, 40L), (_moves.DoubtfulPages(Some), _moves.Arrived));

        // Some are moved by now, and none is counted yet.
        Counts(migrated: 5000, split: 20, swappedIn: 70, isolated: 15);
        Pass(3);
        Assert.Equal((40L, 40L), (_moves.DoubtfulPages(Some), _moves.Arrived));
        Counts(migrated: 5040, split: 20, swappedIn: 70, isolated: 3);
        Pass(4);
        Assert.Equal((43L, 43L), (_moves.DoubtfulPages(Some), _moves.Arrived));
        Counts(migrated: 5040, split: 20, swappedIn: 70);
        Pass(5);
        Assert.Equal(40, _moves.DoubtfulPages(Some));
    }

    [Fact]
    public void A_huge_page_that_is_made_of_small_ones_arrives_as_one_folio_and_512_pages_moved()
    {
        Pass(1, tracked: 0);
        Assert.Null(_moves.Moved);
        Counts(migrated: 5000, split: 20, swappedIn: 70, collapsed: 3);
        Pass(2);
        Assert.Equal((3L, 3L * 512), (_moves.Arrived, _moves.Moved));
    }

    [Fact]
    public void While_pages_are_merged_nothing_is_known_of_what_arrived()
    {
        Pass(1, tracked: 0);
        _host.Write("/sys/kernel/mm/ksm/run", "1\n");
        Pass(2);
        Assert.Equal((null, 0L), (_moves.Arrived, _moves.Moved));
        _host.Write("/sys/kernel/mm/ksm/run", "0\n");
        Pass(3);
        Assert.Null(_moves.Arrived);
        Pass(4);
        Assert.Equal(0, _moves.Arrived);
    }

    [Theory]
    [InlineData("/sys/kernel/mm/ksm/pages_scanned", "7\n", "9\n", "9\n")] // Linux 6.7 and later.
    [InlineData("/sys/kernel/mm/ksm/pages_shared", "0\n", "1\n", "0\n")] // Before: as long as anything is merged.
    public void Where_pages_were_merged_between_two_passes_nothing_is_known_of_what_arrived(string file, string before, string after, string later)
    {
        _host.Write("/sys/kernel/mm/ksm/run", "0\n");
        _host.Write(file, before);
        Pass(1, tracked: 0);
        Pass(2);
        Assert.Equal(0, _moves.Arrived);
        _host.Write(file, after);
        Pass(3);
        Assert.Null(_moves.Arrived);
        _host.Write(file, later);
        Pass(4);
        Assert.Equal(0, _moves.Arrived);
    }

    [Fact]
    public void A_collapse_that_fails_may_take_a_touch_along_where_it_is_not_of_anonymous_memory()
    {
        const string Collapsed = "/sys/kernel/mm/transparent_hugepage/khugepaged/pages_collapsed";
        TrackedPages tracked = Some with { File = 1500 };
        _host.Write(Collapsed, "5\n");
        Pass(1, tracked: 0);
        Counts(migrated: 5000, split: 20, swappedIn: 70, collapsed: 3);
        _host.Write(Collapsed, "6\n");
        _moves.Begin(2, tracked);
        _moves.End();
        Assert.Equal(1024, _moves.DoubtfulPages(tracked));
        Assert.Equal(0, _moves.DoubtfulPages(Some));
        Counts(migrated: 5000, split: 20, swappedIn: 70, collapsed: 4);
        Pass(3);
        Assert.Equal(1500, _moves.DoubtfulPages(tracked));

        // For as long as ages reach back to it.
        Pass(2);
        Assert.Equal(512, _moves.DoubtfulPages(tracked));
        Pass(3);
        Assert.Equal(0, _moves.DoubtfulPages(tracked));
    }

    [Fact]
    public void Collapses_to_every_size_are_counted_where_the_kernel_does()
    {
        const string Stat = "/sys/kernel/mm/transparent_hugepage/hugepages-64kB/stats/collapse_alloc";
        _host.Write("/sys/kernel/mm/transparent_hugepage/hugepages-64kB/stats/split", "0\n");
        _host.Write(Stat, "10\n");
        Pass(1, tracked: 0);
        _host.Write(Stat, "13\n");
        Pass(2);
        Assert.Equal((3L, 3L * 16), (_moves.Arrived, _moves.Moved));
    }

    private AskAgain Pass(byte mark, long tracked = Tracked, long large = 0)
    {
        AskAgain askAgain = _moves.Begin(mark, new TrackedPages(tracked, large, 0, 0));
        _moves.End();
        return askAgain;
    }

    private void Counts(long migrated, long split, long swappedIn, long mappingsSplit = 0, long isolated = 0, long collapsed = 0) =>
        _host.Write("/proc/vmstat", $"nr_isolated_anon {isolated}\npgmigrate_success {migrated}\nthp_split_page {split}\nthp_split_pmd {mappingsSplit}\nthp_collapse_alloc {collapsed}\npswpin {swappedIn}\n");
}
