using static ColdPages.Tests.Mappings;

namespace ColdPages.Tests;

/// <summary>Processes that come, go, change and hide while they are measured.</summary>
public sealed class ReferencedSourceChurnTests
{
    private readonly FakeHost _host = new();
    private readonly ReferencedRun _run;

    public ReferencedSourceChurnTests()
    {
        _host.AddMemcg("/a");
        _run = new ReferencedRun(_host);
    }

    [Fact]
    public void A_process_that_exits_while_it_is_read_is_not_counted_and_said_to_have_left()
    {
        _host.AddProcess(1, "/a", Anon(100));
        _host.AddProcess(2, "/a", Anon(8));
        _run.Pass();
        OnSmaps(1, () => _host.Processes.Remove(1));
        Assert.Null(_run.Pass());
        Assert.Equal(8 * KiB, _run.Memcg("/a").TotalBytes);
        Doubt doubt = Assert.Single(_run.Doubts);
        Assert.StartsWith("1 process (/proc/1/smaps) ended", doubt.Why, StringComparison.Ordinal);
        _run.Pass();
        Assert.Empty(_run.Doubts);
    }

    [Fact]
    public void A_process_that_becomes_a_zombie_while_it_is_read_is_not_counted()
    {
        FakeProcess process = _host.AddProcess(1, "/a", Anon(100));
        OnSmaps(1, () => process.State = 'Z');
        _run.Pass();
        Assert.Equal(0, _run.Memcg("/a").TotalBytes);
        Assert.Single(_run.Doubts);
        _run.Pass();
        Assert.Empty(_run.Doubts);
    }

    [Fact]
    public void A_process_that_executes_another_program_while_it_is_read_is_not_counted_and_young_at_the_next_pass()
    {
        FakeProcess process = _host.AddProcess(1, "/a", Anon(100));
        _run.Pass();
        OnSmaps(1, () => process.StartCode++);
        _run.Pass();
        Assert.Equal(0, _run.Memcg("/a").TotalBytes);
        Assert.Single(_run.Doubts);
        _run.Pass();
        Assert.Equal([100 * KiB, 0], _run.Memcg("/a").Select(bin => bin.AnonBytes));
        Assert.Empty(_run.Doubts);
    }

    [Fact]
    public void A_process_that_executed_another_program_between_passes_is_young()
    {
        FakeProcess process = _host.AddProcess(1, "/a", Anon(100));
        _run.Pass();
        process.StartCode += 0x1000;
        _run.Pass();
        Assert.Equal([100 * KiB, 0], _run.Memcg("/a").Select(bin => bin.AnonBytes));
        _run.Pass();
        Assert.Equal([0, 100 * KiB], _run.Memcg("/a").Select(bin => bin.AnonBytes));
    }

    [Fact]
    public void A_pid_that_was_given_again_is_another_process_and_young()
    {
        _host.AddProcess(1, "/a", Anon(100));
        _run.Pass();
        FakeMapping heap = Anon(50);
        heap.Referenced = 0;
        _host.AddProcess(1, "/a", heap).StartTime = 200;
        _run.Pass();
        Assert.Equal([50 * KiB, 0], _run.Memcg("/a").Select(bin => bin.AnonBytes));
    }

    [Fact]
    public void A_process_missed_at_one_pass_is_young_at_the_next()
    {
        FakeProcess process = _host.AddProcess(1, "/a", Anon(100));
        _run.Pass();
        _host.Processes.Remove(1);
        _run.Pass();
        _host.Processes[1] = process;
        _run.Pass();
        Assert.Equal([100 * KiB, 0], _run.Memcg("/a").Select(bin => bin.AnonBytes));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_kernel_thread_is_neither_counted_nor_said_to_have_left(bool newKernel)
    {
        FakeProcess thread = _host.AddProcess(2, "/");
        if (newKernel)
            _host.OnOpen = static (path, _) => path == "/proc/2/smaps" ? Errno.ESRCH : Errno.None;
        _run.Passes(2);
        Assert.Empty(_run.Doubts);
        Assert.Equal(0, thread.Clears);
        Assert.Equal(0, _run.Memcg("/").TotalBytes);
    }

    [Fact]
    public void A_zombie_is_passed_over()
    {
        FakeProcess zombie = _host.AddProcess(1, "/a", Anon(100));
        zombie.State = 'Z';
        _run.Passes(2);
        Assert.Empty(_run.Doubts);
        Assert.Equal(0, zombie.Clears);
        Assert.Equal(0, _run.Memcg("/a").TotalBytes);
    }

    [Fact]
    public void A_process_whose_smaps_may_not_be_read_is_missing_and_named_in_a_doubt()
    {
        FakeProcess denied = _host.AddProcess(17, "/a", Anon(100));
        _host.AddProcess(2, "/a", Anon(8));
        _host.OnOpen = static (path, _) => path == "/proc/17/smaps" ? Errno.EACCES : Errno.None;
        _run.Passes(2);
        Assert.Equal(8 * KiB, _run.Memcg("/a").TotalBytes);
        Assert.Equal(0, denied.Clears);
        Doubt doubt = Assert.Single(_run.Doubts);
        Assert.Contains("1 process ", doubt.Why, StringComparison.Ordinal);
        Assert.Contains("/proc/17/smaps", doubt.Why, StringComparison.Ordinal);
        Assert.Contains("EACCES", doubt.Why, StringComparison.Ordinal);
        _host.OnOpen = null;
        _run.Pass();
        Assert.Empty(_run.Doubts);
        Assert.Equal([100 * KiB, 8 * KiB], _run.Memcg("/a").Select(bin => bin.AnonBytes));
    }

    [Fact]
    public void A_read_that_fails_half_way_leaves_the_process_out()
    {
        _host.AddProcess(1, "/a", Anon(100), Anon(200));
        _host.OnRead = static (path, offset, count) =>
            path != "/proc/1/smaps" ? IoResult.Done(count) : offset == 0 ? IoResult.Done(400) : IoResult.Failed(Errno.EIO);
        _run.Pass();
        Assert.Equal(0, _run.Memcg("/a").TotalBytes);
        Assert.Contains("EIO", Assert.Single(_run.Doubts).Why, StringComparison.Ordinal);
        Assert.Equal(0, _host.OpenFiles);
    }

    [Fact]
    public void A_process_whose_bits_may_not_be_cleared_stays_young_and_is_named_in_a_doubt()
    {
        FakeMapping heap = Anon(100);
        heap.Referenced = 0;
        _host.AddProcess(17, "/a", heap);
        _host.OnOpen = static (path, _) => path == "/proc/17/clear_refs" ? Errno.EACCES : Errno.None;
        for (int pass = 0; pass < 4; pass++)
        {
            _run.Pass();
            Assert.Equal(100 * KiB, _run.Memcg("/a")[0].AnonBytes);
            Doubt doubt = Assert.Single(_run.Doubts);
            Assert.Contains("/proc/17/clear_refs", doubt.Why, StringComparison.Ordinal);
            Assert.Contains("EACCES", doubt.Why, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_process_that_exits_before_its_bits_are_cleared_is_no_doubt()
    {
        _host.AddProcess(1, "/a", Anon(100));
        _host.OnOpen = (path, _) =>
        {
            if (path == "/proc/1/clear_refs")
                _host.Processes.Remove(1);
            return Errno.None;
        };
        _run.Pass();
        Assert.Empty(_run.Doubts);
        Assert.Equal(100 * KiB, _run.Memcg("/a")[0].AnonBytes);
    }

    [Fact]
    public void A_host_whose_processes_cannot_be_listed_is_a_problem_with_a_remedy_and_ages_go_on_after_it()
    {
        _host.AddProcess(1, "/a", Anon(100));
        _run.Pass();
        _host.OnList = static folder => folder == "/proc" ? Errno.ENOENT : Errno.None;
        Problem? problem = _run.Pass();
        Assert.Contains("/proc could not be listed", problem?.Why, StringComparison.Ordinal);
        Assert.Contains("Mount procfs", problem?.Remedy, StringComparison.Ordinal);
        _host.OnList = null;
        Assert.Null(_run.Pass());
        Assert.Equal([0, 0, 100 * KiB], _run.Memcg("/a").Select(bin => bin.AnonBytes));
        Assert.Equal((2 * ReferencedRun.Interval) + ReferencedRun.Lasts, _run.Memcg("/a")[2].From);
    }

    private void OnSmaps(int pid, Action action)
    {
        _host.OnOpen = (path, _) =>
        {
            if (path == $"/proc/{pid}/smaps")
            {
                _host.OnOpen = null;
                action();
            }

            return Errno.None;
        };
    }
}
