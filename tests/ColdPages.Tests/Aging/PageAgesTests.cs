using FsCheck.Xunit;

namespace ColdPages.Tests;

public sealed class PageAgesTests
{
    private readonly FakeHost _host = new();
    private readonly MemcgTree _tree;
    private readonly OwnerTable _owners;
    private readonly PageAges _ages;

    public PageAgesTests()
    {
        _host.AddMemcg("/", inode: 10);
        _tree = Trees.Of(_host);
        Assert.Equal(Errno.None, _tree.Refresh());
        _owners = new OwnerTable(_tree);
        _ages = new PageAges(_owners);
    }

    [Fact]
    public void What_is_added_is_known_by_its_frame_and_counted_for_its_owner()
    {
        FrameBlock block = _ages.MakeBlock(2);
        Assert.True(_ages.TryAdd(block, 512, 64, Identity(10, PageKind.File), mark: 5));
        Assert.True(_ages.TryAdd(block, 1024, 1, Identity(10, PageKind.Anon, order: 9), mark: 6));
        Assert.Equal((Identity(10, PageKind.File), 5), (PageAges.Identity(block, 575, out byte mark), mark));
        Assert.Equal((Identity(10, PageKind.Anon, 9), 6), (PageAges.Identity(block, 1024, out mark), mark));
        Assert.Equal((65, 64L + 512, 3), (block.Tracked, _ages.Pages.All, _ages.Blocks));
        Assert.Equal((64, 512), (_owners.Find(10).Pages(PageKind.File)[5], _owners.Find(10).Pages(PageKind.Anon)[6]));
        Assert.True(block.IsIdle(512) && block.IsIdle(575) && block.IsIdle(1024));
        Assert.False(block.IsIdle(511) || block.IsIdle(576) || block.IsIdle(1025));
    }

    [Fact]
    public void A_run_may_cross_groups()
    {
        FrameBlock block = _ages.MakeBlock(0);
        Assert.True(_ages.TryAdd(block, 500, 600, Identity(10), mark: 5));
        Assert.Equal(600, _ages.Pages.All);
        for (int frame = 500; frame < 1100; frame++)
            Assert.Equal((Identity(10), 5), (PageAges.Identity(block, frame, out byte mark), mark));
    }

    [Fact]
    public void What_is_removed_leaves_nothing()
    {
        FrameBlock block = _ages.MakeBlock(0);
        Assert.True(_ages.TryAdd(block, 512, 1, Identity(10, PageKind.Anon, 9), mark: 5));
        Cover(block, 512, 9);
        Assert.True(_ages.TryAdd(block, 7, 1, Identity(10), mark: 5));
        _ages.Remove(block, 512);
        Assert.False(block.IsIdle(512));
        Assert.Equal([0UL], block.Covered.ToArray().Distinct());
        Assert.Null(block.Groups[1]);
        Assert.Equal((1L, 1), (_ages.Pages.All, block.Tracked));
        _ages.Release(0);
        Assert.Same(block, _ages.Block(0));
        _ages.Remove(block, 7);
        _ages.Release(0);
        Assert.Null(_ages.Block(0));
        Assert.Equal(0, _ages.Pages.All);
        Assert.Equal(0, _owners.Find(10).TotalPages);
    }

    [Fact]
    public void Spare_blocks_and_groups_are_used_again_and_know_nothing_of_before()
    {
        FrameBlock block = _ages.MakeBlock(3);
        Assert.True(_ages.TryAdd(block, 0, 512, Identity(10), mark: 5));
        Assert.True(_ages.TryAdd(block, 512, 1, Identity(10, PageKind.Anon, 9), mark: 5));
        Cover(block, 512, 9);
        FrameGroup group = block.Groups[1]!;
        _ages.Forget(3);
        long bytes = _ages.StateBytes;
        FrameBlock again = _ages.MakeBlock(1);
        Assert.Same(block, again);
        Assert.True(_ages.TryAdd(again, 40, 1, Identity(0, PageKind.File), mark: 9));
        Assert.Same(group, again.Groups[0]);
        Assert.Equal(0UL, again.Covered.ToArray().Aggregate((a, b) => a | b));
        Assert.Equal([Identity(0, PageKind.File)], group.Palette);
        Assert.Equal((1L, 1), (_ages.Pages.All, again.Tracked));

        // Nothing was made anew but what an owner counts pages with.
        Assert.InRange(_ages.StateBytes - bytes, 0, (PassMark.Count * sizeof(int)) + 100);
    }

    [Theory]
    [InlineData(1, 1.5)]
    [InlineData(2, 2.6)]
    public void State_is_little_a_page_when_all_of_a_block_is_tracked_and_goes_when_nothing_is(int owners, double mostBytes)
    {
        long empty = _ages.StateBytes;
        for (int i = 0; i < 20; i++)
        {
            // In turn, so that every group has pages of each.
            FrameBlock block = _ages.MakeBlock(i);
            for (int frame = 0; frame < IdleBitmap.BlockFrames; frame += 64)
                Assert.True(_ages.TryAdd(block, frame, 64, Identity((ulong)(10 + (frame / 64 % owners))), mark: 5));
        }

        Assert.InRange(_ages.StateBytes - empty, 20L * IdleBitmap.BlockFrames, (long)(20 * IdleBitmap.BlockFrames * mostBytes));
        _ages.ForgetFrom(0);
        Assert.Equal(0, _ages.Pages.All);
        Assert.InRange(_ages.StateBytes - empty, 0, 200_000); // A few are kept to be used again.
    }

    [Fact]
    public void Beyond_a_block_everything_is_forgotten_and_before_it_nothing()
    {
        foreach (int block in (int[])[0, 1, 4])
            Assert.True(_ages.TryAdd(_ages.MakeBlock(block), 100, 3, Identity(10), mark: 5));
        _ages.ForgetFrom(5);
        Assert.Equal((9L, 5), (_ages.Pages.All, _ages.Blocks));
        _ages.ForgetFrom(1);
        Assert.Equal((3L, 1), (_ages.Pages.All, _ages.Blocks));
        Assert.NotNull(_ages.Block(0));
        Assert.Null(_ages.Block(1));
        _ages.Forget(7);
    }

    [Fact]
    public void A_mark_that_is_retired_is_long_ago_for_pages_and_owners()
    {
        FrameBlock block = _ages.MakeBlock(0);
        Assert.True(_ages.TryAdd(block, 0, 10, Identity(10), mark: 5));
        Assert.True(_ages.TryAdd(block, 10, 10, Identity(10), mark: 6));
        _ages.Retire(5);
        _ages.Retire(77);
        PageAges.Identity(block, 0, out byte retired);
        PageAges.Identity(block, 10, out byte kept);
        Assert.Equal((PassMark.LongAgo, 6), (retired, kept));
        Assert.Equal((10, 0, 10), (_owners.Find(10).Pages(PageKind.Anon)[PassMark.LongAgo], _owners.Find(10).Pages(PageKind.Anon)[5], _owners.Find(10).Pages(PageKind.Anon)[6]));

        // The mark comes round: what has it now is another pass's.
        Assert.True(_ages.TryAdd(block, 20, 1, Identity(10), mark: 5));
        _ages.Remove(block, 0);
        _ages.Retire(5);
        Assert.Equal((10, 20L), (_owners.Find(10).Pages(PageKind.Anon)[PassMark.LongAgo], _ages.Pages.All));
    }

    [Fact]
    public void Owners_that_are_gone_are_tidied_away_and_pages_keep_theirs()
    {
        FrameBlock block = _ages.MakeBlock(0);
        for (int i = 0; i < 100; i++)
        {
            _host.AddMemcg($"/x{i}", inode: 100 + (ulong)i);
            Assert.Equal(Errno.None, _tree.Refresh());
            Assert.True(_ages.TryAdd(block, i * 8, 1, Identity(100 + (ulong)i), mark: 5));
        }

        _ages.TidyOwners();
        Assert.Equal(101, _owners.All.Count);
        for (int i = 0; i < 99; i++)
            _host.RemoveMemcg($"/x{i}");
        Assert.Equal(Errno.None, _tree.Refresh());
        _owners.Reconcile();
        _ages.TidyOwners();
        Assert.Equal([0UL, 199UL, 10UL], _owners.All.Select(owner => owner.Inode));
        for (int i = 0; i < 100; i++)
            Assert.Equal(i < 99 ? 10UL : 199UL, _owners[PageAges.Identity(block, i * 8, out _).Owner].Inode);
        _ages.ForgetFrom(0);
        Assert.All(_owners.All, owner => Assert.Equal(0, owner.TotalPages));
    }

    [Fact]
    public void A_group_of_too_many_owners_refuses_one_more_and_counts_nothing_of_it()
    {
        FrameBlock block = _ages.MakeBlock(0);
        for (int i = 0; i < 256; i++)
            Assert.True(_ages.TryAdd(block, i, 1, Identity(1000 + (ulong)i), mark: 5));
        FolioIdentity another = Identity(5000);
        Assert.False(_ages.TryAdd(block, 400, 1, another, mark: 5));
        Assert.False(block.IsIdle(400));
        Assert.Equal((256L, 0L), (_ages.Pages.All, _owners.Find(5000).TotalPages));

        // Room for it comes with the first that goes.
        _ages.Remove(block, 17);
        Assert.True(_ages.TryAdd(block, 400, 1, another, mark: 5));
        Assert.Equal(another, PageAges.Identity(block, 400, out _));
        for (int i = 0; i < 256; i++)
            Assert.True(i == 17 || _owners[PageAges.Identity(block, i, out _).Owner].Inode == 1000 + (ulong)i);
    }

    [Property(MaxTest = 50)]
    public void Sums_are_those_of_the_folios_whatever_was_added_and_removed(int seed) =>
        new PageAgesTests().AddAndRemove(new Random(seed));

    private void AddAndRemove(Random random)
    {
        Dictionary<(int Block, int Frame), (ulong Inode, PageKind Kind, byte Mark)> model = [];
        for (int step = 0; step < 400; step++)
        {
            int block = random.Next(3);
            int frame = random.Next(64) * 300;
            if (model.Remove((block, frame)))
            {
                _ages.Remove(_ages.Block(block)!, frame);
                _ages.Release(block);
            }
            else
            {
                (ulong, PageKind, byte) page = ((ulong)random.Next(1, 400), (PageKind)random.Next(3), (byte)random.Next(256));
                model.Add((block, frame), page);
                Assert.True(_ages.TryAdd(_ages.MakeBlock(block), frame, 1, Identity(page.Item1, page.Item2), page.Item3));
            }

            if (random.Next(50) == 0)
            {
                byte retired = (byte)random.Next(1, 256);
                _ages.Retire(retired);
                foreach (((int, int) key, (ulong, PageKind, byte) page) in model.ToList())
                {
                    if (page.Item3 == retired)
                        model[key] = page with { Item3 = PassMark.LongAgo };
                }
            }
        }

        Assert.Equal(model.Count, _ages.Pages.All);
        foreach (IGrouping<(ulong, PageKind, byte), (ulong, PageKind, byte)> group in model.Values.GroupBy(page => page))
            Assert.Equal(group.Count(), _owners.Find(group.Key.Item1).Pages(group.Key.Item2)[group.Key.Item3]);
        Assert.Equal(model.Count, _owners.All.Sum(owner => owner.TotalPages));
        for (int block = 0; block < 3; block++)
            Assert.Equal(model.Keys.Any(key => key.Block == block), _ages.Block(block) is not null);
    }

    private static void Cover(FrameBlock block, int head, int order)
    {
        ulong[] heads = new ulong[IdleBitmap.BlockWords];
        heads[head >> 6] = 1UL << (head & 63);
        block.Cover(heads, order);
    }

    private FolioIdentity Identity(ulong inode, PageKind kind = PageKind.Anon, int order = 0) => new(_owners.Find(inode).Index, kind, order);
}
