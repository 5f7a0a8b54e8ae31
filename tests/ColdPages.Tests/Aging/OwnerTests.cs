namespace ColdPages.Tests;

public sealed class OwnerTests
{
    [Fact]
    public void Pages_are_counted_by_kind_and_mark()
    {
        Owner owner = new(7, 0);
        Assert.True(owner.Pages(PageKind.Shmem).IsEmpty);
        owner.Add(PageKind.Anon, 3, 10);
        owner.Add(PageKind.Anon, 3, -4);
        owner.Add(PageKind.File, 255, 5);
        Assert.Equal((6, 5, 11L), (owner.Pages(PageKind.Anon)[3], owner.Pages(PageKind.File)[255], owner.TotalPages));
        Assert.True(owner.Pages(PageKind.Shmem).IsEmpty);
    }

    [Fact]
    public void A_mark_that_is_retired_is_long_ago_in_every_kind()
    {
        Owner owner = new(7, 0);
        owner.Add(PageKind.Anon, 3, 10);
        owner.Add(PageKind.File, 3, 1);
        owner.Add(PageKind.File, 4, 2);
        owner.Add(PageKind.File, PassMark.LongAgo, 100);
        owner.Retire(3);
        Assert.Equal((0, 10), (owner.Pages(PageKind.Anon)[3], owner.Pages(PageKind.Anon)[PassMark.LongAgo]));
        Assert.Equal((0, 2, 101), (owner.Pages(PageKind.File)[3], owner.Pages(PageKind.File)[4], owner.Pages(PageKind.File)[PassMark.LongAgo]));
        Assert.Equal(113, owner.TotalPages);
    }

    [Fact]
    public void An_heir_has_what_both_had()
    {
        Owner heir = new(1, 0);
        Owner gone = new(2, 1);
        heir.Add(PageKind.Anon, 3, 10);
        gone.Add(PageKind.Anon, 3, 5);
        gone.Add(PageKind.Shmem, 9, 7);
        heir.MakePromotions().Add(2, 1, 1);
        gone.MakePromotions().Add(2, 0, 4);
        heir.Inherit(gone);
        Assert.Equal((15, 7, 22L), (heir.Pages(PageKind.Anon)[3], heir.Pages(PageKind.Shmem)[9], heir.TotalPages));
        Assert.Equal((1L, 5L), (heir.Promotions!.AtLeast[2], heir.Promotions.AtMost[2]));
        Assert.Equal(0, gone.TotalPages);
        Assert.True(gone.Pages(PageKind.Anon).IsEmpty);
    }

    [Fact]
    public void Pages_grow_no_older_in_a_pass_that_is_held()
    {
        Owner owner = new(7, 0);
        owner.Hold(PassMark.Of(3));
        owner.Hold(PassMark.Of(5));

        // Touched in pass 5 it is a pass old at 6; touched in 4, 5 is held; in 2 and before, 3 is too.
        Assert.Equal([0, 1, 1, 2, 2, 3, 4], Enumerable.Range(0, 7).Select(ago => owner.AgeAt(6, PassMark.Of(6 - ago))));
        Assert.Equal(4, owner.AgeAt(6, PassMark.LongAgo));
        Assert.Equal(2, owner.AgeAt(4, PassMark.Of(1))); // What comes after does not count.
    }

    [Fact]
    public void Pages_from_before_a_pass_that_was_held_are_told()
    {
        Owner owner = new(7, 0);
        owner.Add(PageKind.Anon, PassMark.Of(1), 100);
        owner.Add(PageKind.File, PassMark.Of(2), 10);
        owner.Add(PageKind.File, PassMark.Of(3), 1);
        Assert.Equal(0, owner.PagesFromBeforeHeld(6));
        owner.Hold(PassMark.Of(3));
        Assert.Equal((110, 110), (owner.PagesFromBeforeHeld(3), owner.PagesFromBeforeHeld(6)));
        owner.Hold(PassMark.Of(5));
        Assert.Equal(111, owner.PagesFromBeforeHeld(6));
    }

    [Fact]
    public void A_pass_that_was_held_is_forgotten_when_its_mark_comes_round_again()
    {
        Owner owner = new(7, 0);
        owner.Hold(PassMark.Of(3));
        owner.Release(PassMark.Of(4));
        Assert.Equal(9, owner.AgeAt(10, PassMark.Of(0)));
        owner.Release(PassMark.Of(3));
        Assert.Equal(10, owner.AgeAt(10, PassMark.Of(0)));
        Assert.Equal(10, owner.AgeAt(300, PassMark.Of(290)));
    }

    [Fact]
    public void Ages_long_after_the_start_are_told_as_far_back_as_there_are_marks()
    {
        Owner owner = new(7, 0);
        owner.Hold(PassMark.Of(999));
        Assert.Equal((1, 1, 252), (owner.AgeAt(1000, PassMark.Of(999)), owner.AgeAt(1000, PassMark.Of(998)), owner.AgeAt(1000, PassMark.Of(1000 - 253))));
        Assert.Equal(253, owner.AgeAt(1000, PassMark.LongAgo));
    }

    [Fact]
    public void An_heir_is_held_where_either_was()
    {
        Owner heir = new(1, 0);
        Owner gone = new(2, 1);
        gone.Hold(PassMark.Of(3));
        heir.Inherit(gone);
        heir.Hold(PassMark.Of(4));
        heir.Inherit(new Owner(3, 2));
        Assert.Equal(3, heir.AgeAt(5, PassMark.Of(0)));
    }

    [Fact]
    public void State_is_told_for_what_there_is()
    {
        Owner owner = new(7, 0);
        long empty = owner.StateBytes;
        owner.Add(PageKind.Anon, 3, 10);
        Assert.InRange(owner.StateBytes - empty, 1024, 1024 + 100);
        long before = owner.StateBytes;
        owner.MakePromotions();
        Assert.InRange(owner.StateBytes - before, 2 * 255 * 8, (2 * 255 * 8) + 200);
    }
}
