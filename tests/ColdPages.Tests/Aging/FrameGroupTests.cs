namespace ColdPages.Tests;

public sealed class FrameGroupTests
{
    private readonly FrameGroup _group = new();
    private readonly ulong[] _tracked = new ulong[FrameGroup.Frames / 64];

    [Fact]
    public void An_identity_has_one_place_however_often_it_is_asked_for()
    {
        Assert.True(_group.TryPlace(Identity(3), _tracked, out byte first));
        Assert.True(_group.TryPlace(Identity(4), _tracked, out byte other));
        Assert.True(_group.TryPlace(Identity(3), _tracked, out byte again));
        Assert.Equal(first, again);
        Assert.NotEqual(first, other);
        Assert.Equal([Identity(3), Identity(4)], _group.Palette);
    }

    [Fact]
    public void The_257th_identity_in_use_has_no_place_and_the_others_keep_theirs()
    {
        for (int i = 0; i < 256; i++)
            Assert.True(TryTrack(i, Identity(i)));
        Assert.False(_group.TryPlace(Identity(256), _tracked, out _));
        Assert.All(Enumerable.Range(0, 256), i => Assert.Equal(Identity(i), _group.Identity(i)));

        // Those that are there still find theirs.
        Assert.True(TryTrack(300, Identity(255)));
        Assert.Equal(Identity(255), _group.Identity(300));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(100)]
    [InlineData(255)]
    public void Places_that_nobody_uses_any_more_are_given_again(int gone)
    {
        for (int i = 0; i < 256; i++)
            Assert.True(TryTrack(2 * i, Identity(i)));

        // Every so many of them, so that those that stay move.
        for (int i = 0; i < gone; i++)
            Untrack(2 * (255 - (i * 7 % 256)));
        Dictionary<int, FolioIdentity> kept = Enumerable.Range(0, 512).Where(IsTracked).ToDictionary(frame => frame, _group.Identity);
        for (int i = 0; i < gone; i++)
            Assert.True(TryTrack((2 * i) + 1, Identity(1000 + i)));
        Assert.False(_group.TryPlace(Identity(5000), _tracked, out _));
        Assert.Equal(256 - gone, kept.Count);
        Assert.All(kept, pair => Assert.Equal(pair.Value, _group.Identity(pair.Key)));
        for (int i = 0; i < gone; i++)
            Assert.Equal(Identity(1000 + i), _group.Identity((2 * i) + 1));
    }

    [Fact]
    public void New_numbers_reach_every_identity_and_leave_kind_and_order()
    {
        for (int i = 0; i < 5; i++)
            Assert.True(TryTrack(i, Identity(i)));
        _group.Renumber([40, 30, 20, 10, 0]);
        for (int i = 0; i < 5; i++)
            Assert.Equal(new FolioIdentity(40 - (10 * i), Identity(i).Kind, Identity(i).Order), _group.Identity(i));
    }

    [Fact]
    public void A_group_that_is_cleared_is_as_good_as_new()
    {
        for (int i = 0; i < 256; i++)
            Assert.True(TryTrack(i, Identity(i)));
        _group.Clear();
        _tracked.AsSpan().Clear();
        Assert.Equal(0, _group.Palette.Length);
        Assert.True(TryTrack(7, Identity(999)));
        Assert.Equal([Identity(999)], _group.Palette);
        Assert.Equal(Identity(999), _group.Identity(7));
    }

    [Fact]
    public void State_grows_when_a_second_identity_comes_and_with_the_palette()
    {
        int before = _group.StateBytes;
        for (int frame = 0; frame < FrameGroup.Frames - 5; frame++)
            Assert.True(TryTrack(frame, Identity(3)));
        Assert.Equal(before, _group.StateBytes);

        for (int i = 0; i < 5; i++)
            Assert.True(TryTrack(FrameGroup.Frames - 5 + i, Identity(4 + i)));
        Assert.InRange(_group.StateBytes - before, FrameGroup.Frames + (7 * sizeof(int)), FrameGroup.Frames + 24 + (7 * sizeof(int)));
        for (int frame = 0; frame < FrameGroup.Frames - 5; frame++)
            Assert.Equal(Identity(3), _group.Identity(frame));
        for (int i = 0; i < 5; i++)
            Assert.Equal(Identity(4 + i), _group.Identity(FrameGroup.Frames - 5 + i));
    }

    private static FolioIdentity Identity(int owner) => new(owner, (PageKind)(owner % 3), owner % 4);

    private bool TryTrack(int frame, FolioIdentity identity)
    {
        if (!_group.TryPlace(identity, _tracked, out byte place))
            return false;
        _group.SetPlace(frame, 1, place);
        _tracked[frame >> 6] |= 1UL << (frame & 63);
        return true;
    }

    private void Untrack(int frame) => _tracked[frame >> 6] &= ~(1UL << (frame & 63));

    private bool IsTracked(int frame) => (_tracked[frame >> 6] & (1UL << (frame & 63))) != 0;
}
