namespace ColdPages.Tests;

public sealed class HiddenMovesTests
{
    private const long Tracked = 100_000;

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
            Assert.False(Pass(mark));
        Assert.Equal((0L, true, 0L), (_moves.DoubtfulPages, _moves.IsKnown, _moves.SwappedIn));
    }

    [Fact]
    public void Few_moves_stay_a_doubt_until_they_are_many_and_then_all_is_asked_again()
    {
        Pass(1, tracked: 0);
        Counts(migrated: 5060, split: 20, swappedIn: 70);
        Assert.False(Pass(2));
        Assert.Equal(60, _moves.DoubtfulPages);
        Counts(migrated: 5101, split: 20, swappedIn: 70);
        Assert.True(Pass(3));
        _moves.Clear(3, found: 90);
        Assert.Equal(11, _moves.DoubtfulPages);
        Assert.False(Pass(4));
        Assert.Equal(11, _moves.DoubtfulPages);

        // For as long as ages reach back to it.
        Assert.False(Pass(3));
        Assert.Equal(0, _moves.DoubtfulPages);
    }

    [Fact]
    public void A_split_of_the_largest_size_is_512_pages_and_all_of_it_is_cleared_up_by_asking()
    {
        Pass(1, tracked: 0);
        Counts(migrated: 5000, split: 21, swappedIn: 70);
        Assert.True(Pass(2));
        Assert.Equal(512, _moves.DoubtfulPages);
        _moves.Clear(2, found: 0);
        Assert.Equal(0, _moves.DoubtfulPages);
    }

    [Fact]
    public void What_moves_while_a_pass_runs_is_a_doubt_at_once_and_counts_once()
    {
        Pass(1, tracked: 0);
        Assert.False(_moves.Begin(2, Tracked));
        Counts(migrated: 5050, split: 20, swappedIn: 70);
        _moves.End(Tracked);
        Assert.Equal(50, _moves.DoubtfulPages);
        Pass(3);
        Assert.Equal(50, _moves.DoubtfulPages);
    }

    [Fact]
    public void No_more_than_is_tracked_is_in_doubt()
    {
        Pass(1, tracked: 0);
        Counts(migrated: 1_000_000, split: 20, swappedIn: 70);
        Assert.True(Pass(2, tracked: 300));
        Assert.Equal(300, _moves.DoubtfulPages);
    }

    [Fact]
    public void Pages_from_swap_are_those_since_the_last_pass_that_ended_well_began()
    {
        Pass(1, tracked: 0);
        Assert.Null(_moves.SwappedIn);
        _moves.Begin(2, Tracked);
        Counts(migrated: 5000, split: 20, swappedIn: 75);
        _moves.End(Tracked);
        Assert.Equal(5, _moves.SwappedIn);
        Counts(migrated: 5000, split: 20, swappedIn: 90);
        _moves.Begin(3, Tracked); // Ends with an error.
        Counts(migrated: 5000, split: 20, swappedIn: 100);
        Pass(4);
        Assert.Equal(30, _moves.SwappedIn);
    }

    [Fact]
    public void A_count_that_is_missing_for_a_while_loses_no_move()
    {
        Pass(1, tracked: 0);
        _host.Delete("/proc/vmstat");
        Pass(2);
        Assert.False(_moves.IsKnown);
        Assert.Null(_moves.SwappedIn);
        Counts(migrated: 5060, split: 20, swappedIn: 70);
        Pass(3);
        Assert.Equal((60L, true), (_moves.DoubtfulPages, _moves.IsKnown));
        Assert.Null(_moves.SwappedIn);
    }

    [Fact]
    public void A_count_that_was_never_there_leaves_all_that_was_tracked_in_doubt_when_it_comes()
    {
        _host.Delete("/proc/vmstat");
        Pass(1, tracked: 0);
        Pass(2);
        Counts(migrated: 5060, split: 20, swappedIn: 70);
        Assert.True(Pass(3));
        Assert.Equal(Tracked, _moves.DoubtfulPages);
        _moves.Clear(3, found: 0);
        Assert.Equal(Tracked, _moves.DoubtfulPages);
        Assert.False(Pass(4));
    }

    [Fact]
    public void A_count_that_is_gone_at_the_end_of_a_pass_is_said()
    {
        Pass(1, tracked: 0);
        _moves.Begin(2, Tracked);
        _host.Delete("/proc/vmstat");
        _moves.End(Tracked);
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
        Assert.Equal((60L + 16, true), (_moves.DoubtfulPages, _moves.IsKnown));
    }

    private bool Pass(byte mark, long tracked = Tracked)
    {
        bool askAll = _moves.Begin(mark, tracked);
        _moves.End(tracked);
        return askAll;
    }

    private void Counts(long migrated, long split, long swappedIn) =>
        _host.Write("/proc/vmstat", $"pgmigrate_success {migrated}\nthp_split_page {split}\npswpin {swappedIn}\n");
}
