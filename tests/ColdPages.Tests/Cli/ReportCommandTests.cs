using System.Text;

namespace ColdPages.Tests;

public sealed class ReportCommandTests
{
    private const long MiB = 1L << 20;

    private static readonly string[] s_quick = ["--source", "referenced", "--interval", "10ms", "--older-than", "10ms"];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_table_has_a_line_a_memcg_and_a_sum()
    {
        CliRun run = await CliRun.OfAsync(Host(touched: 100 * MiB), Cancellation, [.. s_quick, "--scans", "2"]);
        Assert.Equal(0, run.ExitCode);
        string[] lines = run.Output.Split('\n');
        Assert.Matches("^MEMCG +RESIDENT +TRACKED +COLD ≥[0-9.]+s +COLD SHARE", lines[0]);
        Assert.Matches(@"^/ +- +310\.0 MiB +210\.0 MiB ", lines[1]);
        Assert.Matches(@"^  a +400\.0 MiB +310\.0 MiB +210\.0 MiB +███████░░░ +68%", lines[2]);
        Assert.Matches(@"^    b +20\.0 MiB +10\.0 MiB +10\.0 MiB +██████████ +100%", lines[3]);
        Assert.Contains("210.0 MiB of 310.0 MiB tracked has been idle", run.Output, StringComparison.Ordinal);
        Assert.Contains("2 passes over referenced took", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Json_is_all_there_is_on_standard_output_and_reads_back()
    {
        CliRun run = await CliRun.OfAsync(Host(touched: 100 * MiB), Cancellation, ["report", .. s_quick, "--scans", "2", "--json"]);
        Assert.Equal(0, run.ExitCode);
        Assert.Equal(1, run.Output.Count(c => c == '\n'));
        ColdPageSnapshot snapshot = ColdPageSnapshot.ReadJson(Encoding.UTF8.GetBytes(run.Output));
        Assert.Equal((ColdPageSource.Referenced, 2, TimeSpan.FromMilliseconds(10)), (snapshot.Source, snapshot.Scans, snapshot.Interval));
        Assert.Equal(210 * MiB, snapshot["/a"].BytesOlderThan(TimeSpan.FromMilliseconds(10)).AtLeast);
        Assert.Contains("note: ", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Local_numbers_and_the_coldest_alone_where_asked_for()
    {
        CliRun run = await CliRun.OfAsync(Host(touched: 0), Cancellation, [.. s_quick, "--scans", "2", "--json", "--local", "--top", "1"]);
        ColdPageSnapshot snapshot = ColdPageSnapshot.ReadJson(Encoding.UTF8.GetBytes(run.Output));
        MemcgAges memcg = Assert.Single(snapshot.Memcgs);
        Assert.Equal(("/a", 300 * MiB), (memcg.Path, memcg.TrackedBytes()));
        Assert.Contains("\"scope\":\"local\"", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_memcg_and_one_process_where_asked_for()
    {
        FakeHost host = Host(touched: 0);
        CliRun run = await CliRun.OfAsync(host, Cancellation, [.. s_quick, "--memcg", "/a/b", "--pid", "2"]);
        Assert.Equal(0, run.ExitCode);
        Assert.Matches(@"(?m)^/a/b +20\.0 MiB +10\.0 MiB", run.Output);
        Assert.Matches(@"(?m)^process 2 a \(strange\) name +- +10\.0 MiB", run.Output);
        Assert.DoesNotContain("300.0 MiB", run.Output, StringComparison.Ordinal);
        Assert.Equal(0, host.Processes[1].Clears);
    }

    [Fact]
    public async Task Without_a_source_that_sees_all_it_says_so_and_falls_back_with_an_estimate()
    {
        CliRun run = await CliRun.OfAsync(Host(touched: 0), Cancellation, ["--interval", "10ms"]);
        Assert.Equal(0, run.ExitCode);
        Assert.Contains("CONFIG_IDLE_PAGE_TRACKING", run.Error, StringComparison.Ordinal);
        Assert.Contains("falling back to referenced", run.Error, StringComparison.Ordinal);
        Assert.Contains("2 processes map 310.0 MiB", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Above_8_GiB_it_does_not_fall_back_unasked()
    {
        FakeHost host = Host(touched: 0);
        host.AddProcess(3, "/a", new FakeMapping { Rss = 8192 * MiB });
        CliRun run = await CliRun.OfAsync(host, Cancellation, ["--interval", "10ms"]);
        Assert.Equal(3, run.ExitCode);
        Assert.Contains("--source referenced", run.Error, StringComparison.Ordinal);
        Assert.Equal("", run.Output);
        Assert.All(host.Processes.Values, process => Assert.Equal(0, process.Clears));
        Assert.Equal(0, (await CliRun.OfAsync(host, Cancellation, s_quick)).ExitCode);
    }

    [Theory]
    [InlineData("--interval", "0")]
    [InlineData("--interval", "2")]
    [InlineData("--interval", "-2s")]
    [InlineData("--interval", "1e9h")]
    [InlineData("--interval", "")]
    [InlineData("--scans", "1")]
    [InlineData("--scans", "many")]
    [InlineData("--scans", "1000001")]
    [InlineData("--scans", "99999999999")]
    [InlineData("--older-than", "0s")]
    [InlineData("--confirm", "0")]
    [InlineData("--confirm", "255")]
    [InlineData("--confirm", "3")]
    [InlineData("--passive", "--source", "referenced")]
    [InlineData("--passive", "--source", "simulated")]
    [InlineData("--source", "tea-leaves")]
    [InlineData("--top", "0")]
    [InlineData("--pid", "-1")]
    [InlineData("--nonsense", "1")]
    [InlineData("--memcg", "kubepods")]
    [InlineData("--root", "")]
    public async Task A_wrong_option_or_value_is_named_and_exits_with_2(string option, params string[] values)
    {
        CliRun run = await CliRun.OfAsync(Host(touched: 0), Cancellation, [option, .. values]);
        Assert.Equal(2, run.ExitCode);
        Assert.Contains(option, run.Error, StringComparison.Ordinal);
        Assert.Contains("coldpages report --help", run.Error, StringComparison.Ordinal);
        Assert.Equal("", run.Output);
    }

    [Fact]
    public async Task The_simulated_host_is_measured_without_waiting_and_is_the_same_each_time()
    {
        string[] args = ["--source", "simulated", "--interval", "1h", "--scans", "6", "--json"];
        CliRun first = await CliRun.OfAsync(Host(touched: 0), Cancellation, args);
        CliRun second = await CliRun.OfAsync(Host(touched: 0), Cancellation, args);
        Assert.Equal(0, first.ExitCode);
        Assert.Equal(first.Output, second.Output);
        ColdPageSnapshot snapshot = ColdPageSnapshot.ReadJson(System.Text.Encoding.UTF8.GetBytes(first.Output));
        Assert.Equal(ColdPageSource.Simulated, snapshot.Source);
        Assert.Equal(snapshot.Memcgs[0].TrackedBytes(), snapshot.Memcgs.Sum(memcg => memcg.TrackedBytes(MemcgScope.Local)));
        Assert.True(snapshot["/kubepods/pod-batch/worker"].BytesOlderThan(TimeSpan.FromHours(5)).AtLeast > 20 * MiB);
    }

    [Fact]
    public async Task The_table_in_the_readme_is_what_the_command_prints()
    {
        CliRun run = await CliRun.OfAsync(Host(touched: 0), Cancellation, "report", "--source", "simulated");
        string table = run.Output[..run.Output.IndexOf("\n3 passes over", StringComparison.Ordinal)];
        Assert.Contains(table, await File.ReadAllTextAsync(Repository.File("README.md"), Cancellation), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_root_does_not_go_with_the_simulated_host()
    {
        CliRun run = await CliRun.OfAsync(Host(touched: 0), Cancellation, "--source", "simulated", "--root", "/x");
        Assert.Equal(2, run.ExitCode);
        Assert.Contains("--root", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--memcg", "/nope")]
    [InlineData("--pid", "4711")]
    public async Task What_is_not_there_exits_with_1_after_the_first_pass(string option, string value)
    {
        FakeHost host = Host(touched: 0);
        CliRun run = await CliRun.OfAsync(host, Cancellation, ["--source", "referenced", "--interval", "1h", option, value]);
        Assert.Equal(1, run.ExitCode);
        Assert.Contains(value, run.Error, StringComparison.Ordinal);
        Assert.Equal("", run.Output);
    }

    [Fact]
    public async Task A_word_that_is_no_command_is_named()
    {
        CliRun run = await CliRun.OfAsync(Host(touched: 0), Cancellation, "bogus");
        Assert.Equal(2, run.ExitCode);
        Assert.Contains("'bogus'", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("Required", run.Error, StringComparison.Ordinal);
        Assert.Contains("see coldpages --help.", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Unless_said_otherwise_cold_is_what_was_idle_for_the_whole_watch()
    {
        CliRun run = await CliRun.OfAsync(Host(touched: 0), Cancellation, ["--source", "referenced", "--interval", "20ms", "--scans", "5"]);
        string header = run.Output.Split('\n')[0];
        string cold = header[(header.IndexOf("COLD ≥", StringComparison.Ordinal) + "COLD ≥".Length)..].Split(' ')[0];
        Assert.Matches($"IDLE .*COLD ≥{cold} +COLD SHARE$", header.TrimEnd());
        Assert.Contains($"310.0 MiB of 310.0 MiB tracked has been idle for {cold} or longer.", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_narrow_terminal_keeps_the_name_and_the_cold_column()
    {
        CliRun run = await CliRun.OfAsync(Host(touched: 100 * MiB), 80, Cancellation, ["--source", "referenced", "--interval", "10ms", "--scans", "6"]);
        Assert.All(run.Output.Split("\n\n")[0].Split('\n'), line => Assert.InRange(line.TrimEnd().Length, 0, 80));
        Assert.Contains("COLD ≥", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("IDLE ≥", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_process_that_cannot_be_read_is_said_to_be_so()
    {
        FakeHost host = Host(touched: 0);
        host.OnOpen = (path, _) => path == "/proc/2/smaps" ? Errno.EACCES : Errno.None;
        CliRun run = await CliRun.OfAsync(host, Cancellation, [.. s_quick, "--pid", "2"]);
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("/proc/2/smaps: permission denied (EACCES)", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_pass_that_fails_exits_with_1_and_the_json_says_why()
    {
        FakeHost host = Host(touched: 0);
        int lists = 0;
        host.OnList = path => path == "/proc" && ++lists > 1 ? Errno.EIO : Errno.None;
        CliRun run = await CliRun.OfAsync(host, Cancellation, [.. s_quick, "--json"]);
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("EIO", ColdPageSnapshot.ReadJson(Encoding.UTF8.GetBytes(run.Output)).Failure, StringComparison.Ordinal);
        Assert.Contains("EIO", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_ordinary_user_is_told_what_is_missing_and_exits_with_3()
    {
        FakeHost host = Host(touched: 0);
        host.OnOpen = (path, access) => path.EndsWith("/smaps", StringComparison.Ordinal) || access == KernelFileAccess.Write ? Errno.EACCES : Errno.None;
        foreach (string[] args in (string[][])[[], ["--source", "referenced"]])
        {
            CliRun run = await CliRun.OfAsync(host, Cancellation, args);
            Assert.Equal(3, run.ExitCode);
            Assert.Contains("Run as root", run.Error, StringComparison.Ordinal);
            Assert.Equal("", run.Output);
        }
    }

    [Fact]
    public async Task An_empty_root_exits_with_3_and_names_the_file()
    {
        using TempFolder empty = new();
        CliRun run = await CliRun.OfAsync(Host(touched: 0), Cancellation, ["--root", empty.Path]);
        Assert.Equal(3, run.ExitCode);
        Assert.Contains($"{empty.Path}/proc/1/mountinfo", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_system_than_Linux_exits_with_3()
    {
        FakeHost host = Host(touched: 0);
        host.Linux = false;
        CliRun run = await CliRun.OfAsync(host, Cancellation);
        Assert.Equal(3, run.ExitCode);
        Assert.Contains("not Linux", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_lease_that_is_held_exits_with_3_and_names_the_holder()
    {
        using ClockedHost holder = ClockedHost.WithOneProcess(out _);
        using ColdPageTracker tracker = holder.Open();
        CliRun run = await CliRun.OfAsync(Host(touched: 0), holder.Options.LeaseDirectory, Cancellation, s_quick);
        Assert.Equal(3, run.ExitCode);
        Assert.Contains($"process {Environment.ProcessId} (", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_lease_in_a_folder_that_is_nowhere_exits_with_3()
    {
        using TempFolder folder = new();
        CliRun run = await CliRun.OfAsync(Host(touched: 0), Path.Combine(folder.Path, "nope", "x"), Cancellation, s_quick);
        Assert.Equal(3, run.ExitCode);
        Assert.Contains("--lease-dir", run.Error, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder.Path));
    }

    [Fact]
    public async Task An_interrupt_exits_with_130()
    {
        using CancellationTokenSource interrupt = new();
        FakeHost host = Host(touched: 0);
        host.OnRead = (path, _, count) =>
        {
            if (path == "/proc/2/smaps")
                interrupt.Cancel();
            return IoResult.Done(count);
        };
        CliRun run = await CliRun.OfAsync(host, interrupt.Token, ["--source", "referenced", "--interval", "1h"]);
        Assert.Equal(130, run.ExitCode);
        Assert.Equal("", run.Output);
    }

    [Fact]
    public async Task Names_from_the_kernel_reach_no_terminal_unescaped()
    {
        FakeHost host = Host(touched: 0);
        host.AddMemcg("/x\u001b[31m");
        host.AddMemcg("/\u00ff\u00fe");
        host.AddProcess(8, "/x\u001b[31m", new FakeMapping { Rss = MiB }).Command = "\u001b]0;title\u0007";
        host.AddProcess(9, "/\u00ff\u00fe", new FakeMapping { Rss = MiB });
        CliRun table = await CliRun.OfAsync(host, Cancellation, [.. s_quick, "--pid", "8"]);
        Assert.Equal(0, table.ExitCode);
        Assert.DoesNotContain('\u001b', table.Output + table.Error);
        Assert.Contains(@"x\x1b[31m", table.Output, StringComparison.Ordinal);
        Assert.Contains(@"\xff\xfe", table.Output, StringComparison.Ordinal);

        CliRun json = await CliRun.OfAsync(host, Cancellation, [.. s_quick, "--json"]);
        ColdPageSnapshot snapshot = ColdPageSnapshot.ReadJson(Encoding.UTF8.GetBytes(json.Output));
        Assert.Equal(["/", @"/\xff\xfe", "/a", "/a/b", "/x\u001b[31m"], snapshot.Memcgs.Select(memcg => memcg.Path).Order(StringComparer.Ordinal));

        CliRun missing = await CliRun.OfAsync(host, Cancellation, [.. s_quick, "--memcg", "/\u001b[2J"]);
        Assert.Equal(1, missing.ExitCode);
        Assert.DoesNotContain('\u001b', missing.Error);
        Assert.Equal(0, (await CliRun.OfAsync(host, Cancellation, [.. s_quick, "--memcg", @"/\xff\xfe"])).ExitCode);
    }

    [Fact]
    public async Task An_age_longer_than_the_watch_is_said()
    {
        CliRun run = await CliRun.OfAsync(Host(touched: 0), Cancellation, ["--source", "referenced", "--interval", "10ms", "--older-than", "1h"]);
        Assert.Equal(0, run.ExitCode);
        Assert.Contains("what is idle for 1h is not known", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_slash_behind_the_path_of_a_memcg_does_no_harm_and_one_that_is_not_there_is_told_once()
    {
        Assert.Equal(0, (await CliRun.OfAsync(Host(touched: 0), Cancellation, [.. s_quick, "--memcg", "/a/"])).ExitCode);
        CliRun gone = await CliRun.OfAsync(Host(touched: 0), Cancellation, [.. s_quick, "--memcg", "/gone"]);
        Assert.Equal(1, gone.ExitCode);
        Assert.Equal(1, gone.Error.Split("/gone").Length - 1);
    }

    [Theory]
    [InlineData("5", "'5' is not a time: give a number and ms, s, m or h")]
    [InlineData("1000000h", "is too long: the most is 8760h")]
    public async Task What_is_wrong_with_a_time_is_said(string time, string why)
    {
        CliRun run = await CliRun.OfAsync(Host(touched: 0), Cancellation, ["--interval", time]);
        Assert.Equal(2, run.ExitCode);
        Assert.Contains(why, run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_memory_is_made_of_where_asked_for()
    {
        string[] args = ["report", "--source", "simulated", "--detail"];
        CliRun table = await CliRun.OfAsync(Host(touched: 0), 100, Cancellation, args);
        Assert.Equal(0, table.ExitCode);
        Assert.All(table.Output.Split('\n').SkipLast(1).Where(line => !line.Contains("CPU", StringComparison.Ordinal)), line => Assert.InRange(line.TrimEnd().Length, 0, 100));
        Assert.Matches(@"Memory by state:\nMEMCG +CLEAN FILE +DIRTY +MAPPED *\n/ +[0-9.]+ MiB", table.Output);
        Assert.Matches(@"Idle for 4s or longer, at most, by state:\nMEMCG +CLEAN FILE +DIRTY +MAPPED *\n/ +", table.Output);
        Assert.DoesNotContain("NODE", table.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("Nothing to tell in detail", table.Output, StringComparison.Ordinal);
        Assert.Contains("Nothing to tell in detail", (await CliRun.OfAsync(Host(touched: 0), 100, Cancellation, [.. args, "--memcg", "/user.slice", "--local"])).Output, StringComparison.Ordinal);
        Assert.DoesNotContain("Memory by state", (await CliRun.OfAsync(Host(touched: 0), 100, Cancellation, "report", "--source", "simulated")).Output, StringComparison.Ordinal);

        ColdPageSnapshot snapshot = ColdPageSnapshot.ReadJson(Encoding.UTF8.GetBytes((await CliRun.OfAsync(Host(touched: 0), Cancellation, [.. args, "--json"])).Output));
        MemcgAges database = snapshot["/system.slice/database.service"];
        Assert.InRange(database.Detail()!.FileDirtyBytes!.Value, 1 * MiB, 8 * MiB);
        Assert.InRange(database.IdleDetail()!.OlderThan(TimeSpan.FromSeconds(4)).FileDirtyBytes, 1 * MiB, database.Detail()!.FileDirtyBytes!.Value);
    }

    [Fact]
    public async Task Detail_that_is_not_known_is_no_0_and_what_nobody_has_has_no_column()
    {
        FakeHost host = Host(touched: 0);
        host.Write("/sys/fs/cgroup/a/memory.stat", $"file {50 * MiB}\nshmem 0\nfile_dirty {30 * MiB}\nfile_writeback 0\nkernel {40 * MiB}\nsock 0\n");
        host.Write("/sys/fs/cgroup/a/b/memory.stat", $"file {20 * MiB}\nshmem 0\nfile_dirty 0\nfile_writeback 0\n");
        host.Write("/sys/fs/cgroup/a/b/hugetlb.2MB.current", $"{2 * MiB}\n");
        CliRun run = await CliRun.OfAsync(host, 100, Cancellation, [.. s_quick, "--detail"]);
        string[] lines = [.. run.Output.Split('\n').SkipWhile(line => line != "Memory by state:")];
        Assert.Matches("^MEMCG +CLEAN FILE +DIRTY *$", lines[1]);
        Assert.Matches(@"^  a +20\.0 MiB +30\.0 MiB *$", lines[2]);
        Assert.Matches(@"^    b +20\.0 MiB +0\.0 MiB *$", lines[3]);
        Assert.Equal(["", "Memory without an age:"], lines[4..6]);
        Assert.Matches("^MEMCG +KERNEL +HUGETLB *$", lines[6]);
        Assert.Matches(@"^  a +40\.0 MiB +- *$", lines[7]);
        Assert.Matches(@"^    b +- +2\.0 MiB *$", lines[8]);
        Assert.Equal([""], lines[9..]);
    }

    [Fact]
    public async Task Help_lists_every_option()
    {
        CliRun help = await CliRun.OfAsync(Host(touched: 0), Cancellation, ["report", "--help"]);
        Assert.Equal(0, help.ExitCode);
        foreach (string option in (string[])["--source", "--interval", "--scans", "--confirm", "--passive", "--older-than", "--memcg", "--pid", "--local", "--detail", "--top", "--root", "--json"])
            Assert.Contains(option, help.Output, StringComparison.Ordinal);
        Assert.Matches("--pid .* referenced only", help.Output);
    }

    private static FakeHost Host(long touched)
    {
        FakeHost host = new();
        host.MakeFolder("/sys/fs/cgroup");
        host.AddMemcg("/a", 400 * MiB);
        host.AddMemcg("/a/b", 20 * MiB);
        FakeMapping memory = new() { Rss = 300 * MiB };
        host.AddProcess(1, "/a", memory);
        host.AddProcess(2, "/a/b", new FakeMapping { Rss = 10 * MiB });

        // The first process touches its hot part between a clear and the next look.
        host.OnOpen = (path, _) =>
        {
            if (path == "/proc/1/smaps" && memory.Referenced == 0)
                memory.Referenced = touched;
            return Errno.None;
        };
        return host;
    }
}
