using System.Globalization;
using static ColdPages.Tests.Mappings;

namespace ColdPages.Tests;

/// <summary>Reclaim clears the accessed bits of the pages it looks at: what the source says of it.</summary>
public sealed class ReferencedSourceReclaimTests
{
    private readonly FakeHost _host = new();

    public ReferencedSourceReclaimTests()
    {
        _host.AddMemcg("/a");
        _host.AddProcess(1, "/a", Anon(100));
    }

    [Fact]
    public void Without_reclaim_there_is_no_doubt_however_much_there_was_before()
    {
        SetScanned(1_000_000);
        ReferencedRun run = new(_host);
        run.Passes(3);
        Assert.Empty(run.Doubts);
    }

    [Fact]
    public void Pages_that_reclaim_looked_at_since_the_clear_are_a_doubt_in_bytes()
    {
        ReferencedRun run = new(_host);
        run.Pass();
        SetScanned(7);
        run.Pass();
        Doubt doubt = Assert.Single(run.Doubts);
        Assert.Equal(7 * 4096, doubt.Bytes);
        Assert.Contains("looked at 7 pages", doubt.Why, StringComparison.Ordinal);
        run.Pass();
        Assert.Empty(run.Doubts);
    }

    [Fact]
    public void The_doubt_lasts_as_long_as_the_window_whose_bits_are_gone()
    {
        ReferencedRun run = new(_host, window: 3);
        run.Passes(2);
        SetScanned(5);
        run.Pass();
        Assert.Equal(5 * 4096, Assert.Single(run.Doubts).Bytes);
        SetScanned(6);
        run.Pass();
        Assert.Equal(6 * 4096, Assert.Single(run.Doubts).Bytes);
        run.Pass();
        Assert.Empty(run.Doubts);
    }

    [Fact]
    public void Reclaim_during_a_pass_is_a_doubt_of_that_pass_and_of_the_next()
    {
        ReferencedRun run = new(_host);
        run.Pass();
        _host.OnOpen = (path, _) =>
        {
            if (path == "/proc/1/smaps")
                SetScanned(9);
            return Errno.None;
        };
        run.Pass();
        Assert.Equal(9 * 4096, Assert.Single(run.Doubts).Bytes);

        // Before or after the clear: there is no telling.
        run.Pass();
        Assert.Equal(9 * 4096, Assert.Single(run.Doubts).Bytes);
        run.Pass();
        Assert.Empty(run.Doubts);
    }

    [Fact]
    public void Reclaim_during_the_first_pass_is_a_doubt_of_the_second()
    {
        ReferencedRun run = new(_host);
        _host.OnOpen = (path, _) =>
        {
            if (path == "/proc/1/clear_refs")
                SetScanned(9);
            return Errno.None;
        };
        run.Pass();
        Assert.Empty(run.Doubts);
        run.Pass();
        Assert.Equal(9 * 4096, Assert.Single(run.Doubts).Bytes);
    }

    [Fact]
    public void A_pass_that_was_cancelled_takes_no_doubt_away()
    {
        ReferencedRun run = new(_host);
        run.Pass();
        SetScanned(4);
        Assert.Throws<OperationCanceledException>(() => run.PassUnless(new CancellationToken(canceled: true)));
        run.Pass();
        Assert.Equal(4 * 4096, Assert.Single(run.Doubts).Bytes);
    }

    [Fact]
    public void Counters_that_cannot_be_read_are_a_doubt()
    {
        ReferencedRun run = new(_host);
        run.Pass();
        _host.Delete("/proc/vmstat");
        run.Pass();
        Assert.Contains("/proc/vmstat", Assert.Single(run.Doubts).Why, StringComparison.Ordinal);
    }

    private void SetScanned(int pages) =>
        _host.Write("/proc/vmstat", string.Create(CultureInfo.InvariantCulture, $"nr_free_pages {pages}\npgscan_kswapd 0\npgscan_direct 0\npgrefill {pages}\n"));
}
