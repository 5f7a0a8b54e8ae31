using ColdPages.Simulation;

namespace ColdPages.Tests;

/// <summary>What a snapshot says of the evidence that its last pass had.</summary>
public sealed class IdleBitmapEvidenceTests
{
    private const int Pages = 1000;

    private readonly SimulatedHost _host = new(new SimulatedHostOptions { Frames = 3 * IdleBitmap.BlockFrames, FreshBatch = 0 });
    private readonly SimulatedFolio[] _pages;
    private readonly ColdPageTracker _tracker;

    public IdleBitmapEvidenceTests()
    {
        _pages = _host.MakeMemcg("/a").Allocate(PageKind.Anon, Pages * 4096);
        _tracker = ColdPageTracker.Open(new ColdPageTrackerOptions
        {
            Roots = _host.Roots,
            TimeProvider = _host.TimeProvider,
            Source = ColdPageSource.IdleBitmap,
            Interval = TimeSpan.FromSeconds(2),
        });
        Scan();
    }

    [Fact]
    public void What_is_found_idle_for_the_first_time_begins_young()
    {
        Assert.Equal(Pages * 4096, Scan().AdoptedBytes);
        Assert.Equal(0, Scan().AdoptedBytes);
        Array.ForEach(_pages[..30], page => page.Touch());
        Assert.Equal(0, Scan().AdoptedBytes);
        Assert.Equal(30 * 4096, Scan().AdoptedBytes);
    }

    [Fact]
    public void A_share_of_what_stays_is_asked_about_again_and_all_of_it_where_pages_moved()
    {
        Scan();
        long asked = 0;
        for (int pass = 0; pass < IdleBitmap.BlockWords; pass++)
        {
            long again = Scan().AskedAgainBytes!.Value;
            Assert.InRange(again, 0, 64 * 4096);
            asked += again;
        }

        Assert.Equal(Pages * 4096, asked);
        _host.Memory.Migrate(_pages[0]);
        _host.Memory.Migrate(_pages[1]);
        Assert.InRange(Scan().AskedAgainBytes!.Value, (Pages - 2) * 4096, Pages * 4096);
    }

    [Fact]
    public void What_is_off_its_list_is_told_as_not_seen()
    {
        Scan();
        Assert.Equal(0, Scan().UnseenBytes);
        _host.Memory.Isolate(_pages[7]);
        Assert.Equal(4096, Scan().UnseenBytes);
    }

    [Fact]
    public void What_could_not_be_read_is_told_as_missed()
    {
        Assert.Equal(0, Scan().MissedBytes);
        _host.Files.Fault = static (operation, path, offset, _) =>
            operation == FileOperation.Read && path == IdleBitmap.Name && offset == 4096 ? IoResult.Failed(Errno.EIO) : null;
        Assert.Equal(IdleBitmap.BlockFrames * 4096L, Scan().MissedBytes);
    }

    [Fact]
    public void How_long_the_pass_took_is_told()
    {
        _host.Files.BeforeRead = (path, offset) =>
        {
            if (path == IdleBitmap.Name && offset == 0)
                _host.Advance(TimeSpan.FromMilliseconds(300));
        };

        // What it reads takes simulated time too.
        Assert.InRange(Scan().ScanTime, TimeSpan.FromMilliseconds(300), TimeSpan.FromMilliseconds(350));
    }

    private ScanConfidence Scan()
    {
        if (_tracker.Scans > 0)
            _host.Advance(TimeSpan.FromSeconds(2));
        _tracker.Scan(TestContext.Current.CancellationToken);
        return _tracker.TakeSnapshot(TestContext.Current.CancellationToken).Confidence;
    }
}
