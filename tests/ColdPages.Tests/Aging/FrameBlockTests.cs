namespace ColdPages.Tests;

public sealed class FrameBlockTests
{
    private readonly FrameBlock _block = new();

    [Fact]
    public void A_block_has_a_bit_a_frame_and_says_which_are_set()
    {
        foreach (int frame in (int[])[0, 63, 64, 511, 512, 32_767])
            _block.Idle[frame >> 6] |= 1UL << (frame & 63);
        Assert.Equal([0, 63, 64, 511, 512, 32_767], Enumerable.Range(0, IdleBitmap.BlockFrames).Where(_block.IsIdle));
        Assert.Equal(1UL << 63, _block.IdleOf(0)[7]);
        Assert.Equal(1UL, _block.IdleOf(1)[0]);
        Assert.Equal(1UL << 63, _block.IdleOf(63)[7]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(6)]
    [InlineData(9)]
    [InlineData(13)]
    [InlineData(15)]
    public void What_is_covered_is_uncovered_and_no_more(int order)
    {
        int pages = 1 << order;
        int first = order < 14 ? pages : 0;
        Cover(first, order);
        Assert.Equal(Enumerable.Range(first, pages), Covered());
        if (order < 14)
        {
            Cover(0, order);
            Cover(IdleBitmap.BlockFrames - pages, order);
            _block.Uncover(first, pages);
            Assert.Equal([.. Enumerable.Range(0, pages), .. Enumerable.Range(IdleBitmap.BlockFrames - pages, pages)], Covered());
            _block.Uncover(0, pages);
            first = IdleBitmap.BlockFrames - pages;
        }

        _block.Uncover(first, pages);
        Assert.Empty(Covered());
    }

    [Fact]
    public void A_folio_that_reaches_beyond_the_block_is_uncovered_to_its_end()
    {
        Cover(IdleBitmap.BlockFrames - 4, order: 2);
        _block.Uncover(IdleBitmap.BlockFrames - 4, 512);
        Assert.Empty(Covered());
    }

    [Fact]
    public void Single_pages_take_no_memory_for_what_is_covered()
    {
        Assert.False(_block.HasCovered);
        Assert.Equal(IdleBitmap.BlockWords, _block.Covered.Length);
        int before = _block.StateBytes;
        _block.Uncover(0, 1);
        Assert.False(_block.HasCovered);
        Cover(0, order: 1);
        Assert.True(_block.HasCovered);
        Assert.Equal(before + 4096, _block.StateBytes);
    }

    private void Cover(int head, int order)
    {
        ulong[] heads = new ulong[IdleBitmap.BlockWords];
        heads[head >> 6] = 1UL << (head & 63);
        _block.Cover(heads, order);
    }

    private IEnumerable<int> Covered() =>
        Enumerable.Range(0, IdleBitmap.BlockFrames).Where(frame => (_block.Covered[frame >> 6] & (1UL << (frame & 63))) != 0);
}
