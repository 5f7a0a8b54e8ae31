using static ColdPages.Tests.Mappings;

namespace ColdPages.Tests;

public sealed class ReferencedSourceTests
{
    private static readonly TimeSpan s_onePass = ReferencedRun.Interval;
    private static readonly TimeSpan s_perPass = ReferencedRun.Interval + ReferencedRun.Lasts;

    private readonly FakeHost _host = new();

    public ReferencedSourceTests() => _host.AddMemcg("/a");

    [Fact]
    public void The_first_pass_counts_everything_as_young_and_clears_the_bits()
    {
        FakeProcess process = _host.AddProcess(1, "/a", Anon(100));
        ReferencedRun run = new(_host);
        Assert.Null(run.Pass());
        AgeBin bin = Assert.Single(run.Memcg("/a"));
        Assert.Equal(100 * KiB, bin.AnonBytes);
        Assert.Equal(1, process.Clears);
        Assert.Empty(run.Doubts);
        Assert.Equal(0, _host.OpenFiles);
    }

    [Fact]
    public void What_was_not_touched_since_the_last_clear_is_idle_for_the_time_from_its_end_to_this_start()
    {
        FakeMapping heap = Anon(100);
        _host.AddProcess(1, "/a", heap);
        ReferencedRun run = new(_host);
        run.Pass();
        heap.Touch(30);
        run.Pass();
        AgeHistogram ages = run.Memcg("/a");
        Assert.Equal(2, ages.Count);
        Assert.Equal((TimeSpan.Zero, 30 * KiB), (ages[0].From, ages[0].AnonBytes));
        Assert.Equal((s_onePass, 70 * KiB), (ages[1].From, ages[1].AnonBytes));
        Assert.Equal(new ByteBounds(70 * KiB, 70 * KiB), ages.BytesOlderThan(s_onePass));
    }

    [Fact]
    public void With_a_window_of_1_what_stays_untouched_gets_no_older_than_one_pass_and_what_is_touched_is_young_again()
    {
        FakeMapping heap = Anon(100);
        _host.AddProcess(1, "/a", heap);
        ReferencedRun run = new(_host);
        run.Passes(5);
        Assert.Equal(2, run.Memcg("/a").Count);
        Assert.Equal(100 * KiB, run.Memcg("/a")[1].AnonBytes);
        heap.Touch(100);
        run.Pass();
        Assert.Equal(100 * KiB, run.Memcg("/a")[0].AnonBytes);
        Assert.Equal(0, run.Memcg("/a")[1].AnonBytes);
    }

    [Fact]
    public void A_window_tells_ages_back_to_its_clear_and_bounds_those_between()
    {
        FakeMapping heap = Anon(100);
        FakeProcess process = _host.AddProcess(1, "/a", heap);
        ReferencedRun run = new(_host, window: 5);
        run.Passes(2);
        heap.Touch(40);
        run.Passes(2);
        AgeHistogram ages = run.Memcg("/a");
        Assert.Equal(4, ages.Count);
        Assert.Equal([40 * KiB, 0, 0, 60 * KiB], ages.Select(bin => bin.AnonBytes));
        Assert.Equal([0, 40 * KiB, 40 * KiB, 0], ages.Select(bin => bin.ExcessBytes));
        Assert.Equal(s_onePass + (2 * s_perPass), ages[3].From);
        Assert.Equal(new ByteBounds(60 * KiB, 60 * KiB), ages.BytesOlderThan(ages[3].From));
        Assert.Equal(new ByteBounds(60 * KiB, 100 * KiB), ages.BytesOlderThan(ages[1].From));
        Assert.Equal(1, process.Clears);
    }

    [Fact]
    public void The_pass_that_ends_a_window_still_reads_it_whole_and_the_next_one_begins_anew()
    {
        FakeProcess process = _host.AddProcess(1, "/a", Anon(100));
        ReferencedRun run = new(_host, window: 5);
        run.Passes(6);
        Assert.Equal(6, run.Memcg("/a").Count);
        Assert.Equal(100 * KiB, run.Memcg("/a")[5].AnonBytes);
        Assert.Equal(2, process.Clears);
        run.Pass();
        Assert.Equal(2, run.Memcg("/a").Count);
        Assert.Equal(100 * KiB, run.Memcg("/a")[1].AnonBytes);
        Assert.Equal(2, process.Clears);
    }

    [Fact]
    public void A_process_born_in_a_window_counts_as_touched_until_the_next_one_opens()
    {
        FakeProcess old = _host.AddProcess(1, "/a", Anon(100));
        ReferencedRun run = new(_host, window: 3);
        run.Passes(2);
        FakeProcess born = _host.AddProcess(2, "/a", Anon(8));
        run.Pass();
        Assert.Equal([8 * KiB, 0, 100 * KiB], run.Memcg("/a").Select(bin => bin.AnonBytes));
        Assert.Equal([0, 0, 0], run.Memcg("/a").Select(bin => bin.ExcessBytes));
        Assert.Equal(0, born.Clears);
        run.Passes(2);
        Assert.Equal((2, 1), (old.Clears, born.Clears));
        Assert.Equal([0, 108 * KiB], run.Memcg("/a").Select(bin => bin.AnonBytes));
    }

    [Theory]
    [InlineData("08:01", "/usr/bin/program", PageKind.File)]
    [InlineData("00:32", "/usr/bin/in-overlay", PageKind.File)]
    [InlineData("00:28", "/dev/shm/segment", PageKind.Shmem)]
    [InlineData("00:40", "/not the tmpfs, whose 40 is decimal", PageKind.File)]
    [InlineData("00:01", "/memfd:cache (deleted)", PageKind.Shmem)]
    [InlineData("00:01", "/dev/zero (deleted)", PageKind.Shmem)]
    [InlineData("00:01", "/SYSV00000000 (deleted)", PageKind.Shmem)]
    public void Idle_bytes_are_told_by_kind(string device, string name, PageKind kind)
    {
        FakeMapping heap = Anon(8);
        FakeMapping mapped = OfDevice(100, device, name);
        _host.AddProcess(1, "/a", heap, mapped);
        ReferencedRun run = new(_host);
        run.Pass();
        heap.Touch(8);
        mapped.Touch(20);
        run.Pass();
        AgeHistogram ages = run.Memcg("/a");
        Assert.Equal(20 * KiB, ages[0].Bytes(kind));
        Assert.Equal(80 * KiB, ages[1].Bytes(kind));
        Assert.Equal(8 * KiB, ages[0].AnonBytes);
        Assert.Equal(108 * KiB, ages.TotalBytes);
    }

    [Theory]
    [InlineData(10, 60, 20)] // 90 idle of 70 file and 30 copied: at least 60 of the file's, at least 20 of the copies.
    [InlineData(50, 20, 0)]
    [InlineData(80, 0, 0)]
    public void Of_a_private_mapping_with_copied_pages_only_what_must_be_of_a_kind_is_told_as_it(long touched, long file, long anon)
    {
        FakeMapping data = new() { Rss = 100 * KiB, Anonymous = 30 * KiB, Device = "08:01", Name = "/lib/library.so" };
        _host.AddProcess(1, "/a", data);
        ReferencedRun run = new(_host);
        run.Pass();
        data.Touch(touched);
        run.Pass();
        AgeHistogram ages = run.Memcg("/a");
        Assert.Equal(70 * KiB, ages[0].FileBytes + ages[1].FileBytes);
        Assert.Equal(30 * KiB, ages[0].AnonBytes + ages[1].AnonBytes);
        Assert.Equal((file * KiB, anon * KiB), (ages[1].FileBytes, ages[1].AnonBytes));
        Assert.Equal((100 - touched) * KiB, ages[1].UpperBytes);
    }

    [Fact]
    public void Bytes_are_counted_with_the_cgroup_a_process_is_in_now()
    {
        _host.AddMemcg("/a/b");
        _host.MakeFolder("/sys/fs/cgroup/a/threads");
        _host.AddProcess(1, "/a/b", Anon(1));
        _host.AddProcess(2, "/a/threads/x", Anon(20));
        _host.AddProcess(3, "/", Anon(300));
        _host.AddProcess(4, "/../outside", Anon(4000));
        _host.AddProcess(5, "/a/removed (deleted)", Anon(50000));
        ReferencedRun run = new(_host);
        run.Pass();
        Assert.Equal(1 * KiB, run.Memcg("/a/b").TotalBytes);
        Assert.Equal(50020 * KiB, run.Memcg("/a").TotalBytes);
        Assert.Equal(300 * KiB, run.Memcg("/").TotalBytes);
        Assert.Equal(4000 * KiB, run.Unattributed.TotalBytes);
        _host.Processes[1].Cgroup = "/";
        run.Pass();
        Assert.Equal(0, run.Memcg("/a/b").TotalBytes);
        Assert.Equal(301 * KiB, run.Memcg("/")[1].AnonBytes);
    }

    [Fact]
    public void Processes_asked_for_are_told_apart_and_counted_with_their_memcg_too()
    {
        FakeMapping heap = Anon(100);
        _host.AddProcess(1, "/a", heap);
        _host.AddProcess(2, "/a", Anon(50));
        ReferencedRun run = new(_host, window: 1, memcg: null, 7, 1);
        run.Pass();
        heap.Touch(25);
        run.Pass();
        Assert.Equal([25 * KiB, 75 * KiB], run.Process(1)!.Select(bin => bin.AnonBytes));
        Assert.Null(run.Process(0));
        Assert.Equal(150 * KiB, run.Memcg("/a").TotalBytes);
        _host.Processes.Remove(1);
        run.Pass();
        Assert.Null(run.Process(1));
    }

    [Fact]
    public void A_scope_leaves_the_processes_outside_of_it_alone()
    {
        _host.AddMemcg("/a/b");
        _host.AddMemcg("/ab");
        FakeProcess[] inside = [_host.AddProcess(1, "/a", Anon(1)), _host.AddProcess(2, "/a/b", Anon(2)), _host.AddProcess(3, "/a/gone (deleted)", Anon(4))];
        FakeProcess[] outside = [_host.AddProcess(4, "/ab", Anon(8)), _host.AddProcess(5, "/", Anon(16)), _host.AddProcess(6, "/../x", Anon(32))];
        List<string> read = [];
        _host.OnOpen = (path, _) =>
        {
            if (path.EndsWith("/smaps", StringComparison.Ordinal))
                read.Add(path);
            return Errno.None;
        };
        ReferencedRun run = new(_host, memcg: "/a");
        run.Passes(2);
        Assert.All(inside, process => Assert.Equal(2, process.Clears));
        Assert.All(outside, process => Assert.Equal(0, process.Clears));
        Assert.Equal(["/proc/1/smaps", "/proc/2/smaps", "/proc/3/smaps"], read.Distinct().Order());
        Assert.Equal(0, run.Unattributed.TotalBytes);
        Assert.Equal(0, run.Memcg("/").TotalBytes);
    }

    [Fact]
    public void A_scope_that_is_not_there_is_nobodys_and_begins_when_it_is_born()
    {
        FakeProcess process = _host.AddProcess(1, "/late", Anon(1));
        ReferencedRun run = new(_host, memcg: "/late");
        Assert.Null(run.Pass());
        Assert.Equal(0, process.Clears);
        _host.AddMemcg("/late");
        run.Pass();
        Assert.Equal(1, process.Clears);
        Assert.Equal(1 * KiB, run.Memcg("/late")[0].AnonBytes);
    }

    [Fact]
    public void What_was_read_and_written_is_counted_by_file()
    {
        FakeMapping heap = Anon(4);
        _host.AddProcess(1, "/a", heap);
        _host.AddProcess(2, "/a", Anon(4));
        ReferencedRun run = new(_host);
        run.Pass();
        long bytes = _host.Processes.Values.Sum(process => process.File("smaps")!.Length);
        KeyValuePair<string, long> read = Assert.Single(run.Source.Cost.EntriesRead());
        Assert.Equal("/proc/PID/smaps", read.Key);
        Assert.InRange(read.Value, bytes / 8, (bytes / 8) + 1);
        Assert.Equal([new("/proc/PID/clear_refs", 2)], run.Source.Cost.EntriesWritten());
    }

    [Fact]
    public void It_says_what_it_is()
    {
        ReferencedRun run = new(_host);
        Assert.Equal(ColdPageSource.Referenced, run.Source.Kind);
        Assert.Equal("process", run.Source.Attribution);
        Assert.Contains(run.Source.Notes, note => note.Contains("by process", StringComparison.Ordinal));
    }
}
