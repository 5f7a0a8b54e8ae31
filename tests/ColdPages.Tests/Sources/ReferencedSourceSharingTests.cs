using static ColdPages.Tests.Mappings;

namespace ColdPages.Tests;

/// <summary>Memory that more than one process can touch, and processes whose memory is not what it seems: nothing hot may look idle.</summary>
public sealed class ReferencedSourceSharingTests
{
    private readonly FakeHost _host = new();

    public ReferencedSourceSharingTests() => _host.AddMemcg("/a");

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Of_two_processes_with_one_memory_neither_takes_the_evidence_of_the_other(int window)
    {
        FakeMapping memory = Anon(100);
        _host.AddProcess(1, "/a", memory);
        _host.AddProcess(2, "/a", memory);
        ReferencedRun run = new(_host, window);
        run.Pass();
        for (int pass = 0; pass < 6; pass++)
        {
            memory.Touch(100);
            run.Pass();
            Assert.Equal(200 * KiB, run.Memcg("/a")[0].AnonBytes);
        }
    }

    [Fact]
    public void One_that_comes_within_a_window_takes_no_evidence_of_one_whose_memory_it_shares()
    {
        FakeMapping memory = Anon(100);
        _host.AddProcess(1, "/a", memory);
        ReferencedRun run = new(_host, window: 10);
        run.Pass();
        memory.Touch(100);
        _host.AddProcess(2, "/a", memory);
        run.Pass();
        _host.Processes.Remove(2);
        run.Pass();
        Assert.Equal([100 * KiB, 0, 0], run.Memcg("/a").Select(bin => bin.AnonBytes));
    }

    [Fact]
    public void What_others_map_too_is_idle_perhaps_and_never_for_certain()
    {
        FakeMapping shared = OfDevice(100, "00:28", "/dev/shm/segment");
        shared.Shared = 70 * KiB;
        _host.AddProcess(1, "/a", shared);
        ReferencedRun run = new(_host, window: 2);
        run.Passes(3);
        AgeHistogram ages = run.Memcg("/a");
        Assert.Equal([70 * KiB, 0, 30 * KiB], ages.Select(bin => bin.ShmemBytes));
        Assert.Equal(new ByteBounds(30 * KiB, 100 * KiB), ages.BytesOlderThan(ages[2].From));
        Assert.Equal(new ByteBounds(30 * KiB, 100 * KiB), ages.BytesOlderThan(ages[1].From));
    }

    [Fact]
    public void A_virtual_machine_is_young_is_said_and_is_left_alone()
    {
        FakeProcess machine = _host.AddProcess(1, "/a", Anon(100), OfDevice(4, "00:0e", "anon_inode:kvm-vcpu:0"));
        _host.AddProcess(2, "/a", Anon(8));
        ReferencedRun run = new(_host);
        run.Passes(3);
        Assert.Equal([104 * KiB, 8 * KiB], run.Memcg("/a").Select(bin => bin.LowerBytes));
        Assert.Contains("virtual machine", Assert.Single(run.Doubts).Why, StringComparison.Ordinal);
        Assert.Equal(0, machine.Clears);
    }

    [Fact]
    public void A_mapping_that_grows_while_it_is_read_counts_once_and_in_full()
    {
        FakeProcess process = _host.AddProcess(1, "/a", Anon(8), Anon(100));
        process.TearsAt = 1;
        process.TornMapping = Anon(120);
        ReferencedRun run = new(_host);
        run.Pass();
        Assert.Equal(128 * KiB, run.Memcg("/a").TotalBytes);
        Assert.Empty(run.Doubts);
    }

    [Fact]
    public void Mappings_that_are_joined_while_they_are_read_leave_their_process_out_and_are_said()
    {
        FakeProcess process = _host.AddProcess(1, "/a", Anon(8), Anon(100));
        process.TearsAt = 0;
        process.TornMapping = Anon(108);
        ReferencedRun run = new(_host);
        run.Pass();
        Assert.Equal(0, run.Memcg("/a").TotalBytes);
        Assert.Contains("joined mappings", Assert.Single(run.Doubts).Why, StringComparison.Ordinal);
    }

    [Fact]
    public void A_process_whose_first_thread_has_ended_is_measured_by_another()
    {
        FakeMapping memory = Anon(100);
        FakeProcess process = _host.AddProcess(1, "/a", memory);
        process.State = 'Z';
        process.LiveThread = 7;
        ReferencedRun run = new(_host);
        run.Pass();
        memory.Touch(40);
        run.Pass();
        Assert.Equal([40 * KiB, 60 * KiB], run.Memcg("/a").Select(bin => bin.AnonBytes));
        Assert.Empty(run.Doubts);
        process.LiveThread = null;
        run.Pass();
        Assert.Equal(0, run.Memcg("/a").TotalBytes);
    }

    [Fact]
    public void With_the_multi_generational_lru_any_reclaim_puts_everything_in_doubt()
    {
        _host.AddProcess(1, "/a", Anon(100));
        _host.Write("/sys/kernel/mm/lru_gen/enabled", "0x0007\n");
        ReferencedRun run = new(_host);
        run.Passes(2);
        Assert.Empty(run.Doubts);
        _host.Write("/proc/vmstat", "pgscan_anon 1\npgscan_file 0\n");
        run.Pass();
        Assert.True(Assert.Single(run.Doubts).Bytes > 1L << 50);
    }
}
