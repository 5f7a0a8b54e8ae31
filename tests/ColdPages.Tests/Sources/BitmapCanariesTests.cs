namespace ColdPages.Tests;

/// <summary>Pages of this process that it never marks idle.</summary>
public sealed class BitmapCanariesTests : IDisposable
{
    private readonly TrialHost _host = new();
    private readonly BitmapCanaries _canaries;

    public BitmapCanariesTests() => _canaries = new BitmapCanaries(_host, new CostMeter());

    public void Dispose() => _canaries.Dispose();

    [Fact]
    public void They_are_spared_from_the_first_pass_on_and_watched_from_the_next()
    {
        Pass();
        Assert.Equal((0, 0), (_canaries.Watched, _canaries.Marked));
        for (int pass = 0; pass < 3; pass++)
        {
            Pass();
            Assert.Equal((16, 0), (_canaries.Watched, _canaries.Marked));
        }

        Assert.Equal(16 * 4096, _canaries.StateBytes);
    }

    [Fact]
    public void One_that_is_marked_was_marked_by_somebody_else_and_loses_the_mark()
    {
        Pass();

        // It goes on marking.
        for (int pass = 0; pass < 3; pass++)
        {
            MarkAll();
            Pass();
            Assert.Equal((16, 16), (_canaries.Watched, _canaries.Marked));
        }

        Pass();
        Assert.Equal((16, 0), (_canaries.Watched, _canaries.Marked));
    }

    [Fact]
    public void One_that_is_marked_while_a_pass_looks_at_all_else_is_seen_by_that_pass()
    {
        Pass();
        Pass();
        Look(_canaries);
        MarkAll();
        using WordFile bitmap = Open();
        _canaries.Look(bitmap);
        Assert.Equal((16, 16), (_canaries.Watched, _canaries.Marked));
    }

    [Fact]
    public void Where_frames_are_not_shown_or_memory_is_not_its_own_nothing_is_watched()
    {
        _host.ShowsFrames = false;
        Pass();
        Pass();
        _host.IsOwn = false;
        Pass();
        Assert.Equal((0, 0), (_canaries.Watched, _canaries.Marked));
        _host.IsOwn = true;
        _host.MapError = Errno.ENOMEM;
        using BitmapCanaries none = new(_host, new CostMeter());
        Look(none);
        Assert.Equal(0, none.StateBytes);
    }

    [Fact]
    public void Their_memory_is_given_back()
    {
        Pass();
        Assert.Equal(1, _host.Mappings);
        _canaries.Dispose();
        Assert.Equal(0, _host.Mappings);
        Assert.All(Spared(), word => Assert.Equal(0UL, word));
    }

    // As a pass does: looks, reads all, and marks what is not idle and not spared.
    private void Pass()
    {
        Look(_canaries);
        ulong[] spared = Spared();
        using WordFile bitmap = Open();
        ulong[] words = new ulong[IdleBitmap.BlockWords];
        bitmap.Read(0, words);
        Bitmaps.Neither(words, spared, words);
        bitmap.Write(0, words);
    }

    private void MarkAll()
    {
        using WordFile bitmap = Open();
        ulong[] words = new ulong[IdleBitmap.BlockWords];
        Array.Fill(words, ulong.MaxValue);
        bitmap.Write(0, words);
    }

    private ulong[] Spared()
    {
        ulong[] spared = new ulong[IdleBitmap.BlockWords];
        _canaries.Spare(1, spared);
        Assert.All(spared, word => Assert.Equal(0UL, word)); // Their frames are in the first block.
        _canaries.Spare(0, spared);
        return spared;
    }

    private void Look(BitmapCanaries canaries)
    {
        using WordFile bitmap = Open();
        canaries.Begin(bitmap);
    }

    private WordFile Open()
    {
        Assert.Equal(Errno.None, WordFile.Open(_host, IdleBitmap.Path, KernelFileAccess.ReadWrite, out WordFile bitmap));
        return bitmap;
    }
}
