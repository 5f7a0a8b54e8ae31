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
