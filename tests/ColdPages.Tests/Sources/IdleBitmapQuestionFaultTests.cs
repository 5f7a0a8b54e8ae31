using ColdPages.Simulation;

namespace ColdPages.Tests;

/// <summary>kpageflags, kpagecgroup, memory.stat and vmstat that fail, come short or are not there.</summary>
public sealed class IdleBitmapQuestionFaultTests
{
    public static TheoryData<string> PageFiles => new(PageFlagsFile.Name, PageOwnersFile.Name);

    [Theory]
    [MemberData(nameof(PageFiles))]
    public void A_file_that_is_not_there_any_more_fails_the_pass_and_ages_go_on_when_it_is_back(string file)
    {
        foreach (Errno errno in (Errno[])[Errno.ENOENT, Errno.EACCES, Errno.ENOMEM])
        {
            using IdleBitmapFaultRun run = new();
            run.ScanTimes(3);
            run.Fault = (operation, path, _, _) => operation == FileOperation.Open && path == file ? IoResult.Failed(errno) : null;
            for (int i = 0; i < 2; i++)
            {
                ColdPageSnapshot failed = run.Scan();
                Assert.Contains(file, failed.Failure, StringComparison.Ordinal);
                Assert.Contains(errno.Describe(), failed.Failure, StringComparison.Ordinal);
            }

            // What was known to be idle before still is, over the passes that failed.
            run.Fault = null;
            ColdPageSnapshot snapshot = run.Scan();
            run.AssertExact(snapshot, atEdge: 4);
            run.AssertRightAgain();
        }
    }

    [Theory]
    [MemberData(nameof(PageFiles))]
    public void Pages_without_an_answer_count_as_touched_and_are_told(string file)
    {
        foreach (bool once in (bool[])[true, false])
        {
            foreach (Errno errno in (Errno[])[Errno.EIO, Errno.EINVAL])
            {
                for (int pass = 1; pass < 4; pass++)
                {
                    using IdleBitmapFaultRun run = new();
                    run.ScanTimes(pass);
                    int asked = 0;
                    run.Fault = (operation, path, _, _) =>
                        operation == FileOperation.Read && path == file && (asked++ == 3 || !once) ? IoResult.Failed(errno) : null;
                    ColdPageSnapshot snapshot = run.Scan();
                    Assert.True(asked > 3);
                    Assert.Null(snapshot.Failure);
                    IdleBitmapFaultRun.AssertTold(snapshot, "did not say what they are");
                    IdleBitmapFaultRun.AssertTold(snapshot, errno.Describe());
                    run.AssertRightAgain();
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(PageFiles))]
    public void Answers_that_come_in_pieces_of_any_length_lose_nothing(string file)
    {
        using IdleBitmapFaultRun run = new();
        run.ScanTimes(2);
        for (int length = 8; length <= 800; length += 24)
        {
            run.Fault = (operation, path, _, _) => operation == FileOperation.Read && path == file ? IoResult.Done(length) : null;
            ColdPageSnapshot snapshot = run.Scan();
            Assert.Empty(snapshot.Confidence.Doubts);
            run.AssertExact(snapshot);
        }
    }

    [Theory]
    [MemberData(nameof(PageFiles))]
    public void A_file_that_ends_early_tells_nothing_of_what_is_behind_it(string file)
    {
        using IdleBitmapFaultRun run = new();
        run.ScanTimes(2);
        for (int frame = 0; frame < run.Host.Frames; frame += 5003)
        {
            int end = frame;
            run.Fault = (operation, path, offset, count) =>
                operation == FileOperation.Read && path == file ? IoResult.Done((int)Math.Clamp((end * 8L) - offset, 0, count)) : null;
            ColdPageSnapshot snapshot = run.Scan();
            IdleBitmapFaultRun.AssertTold(snapshot, "ended early");
        }

        run.AssertRightAgain();
    }

    [Fact]
    public void A_page_that_nothing_is_known_of_is_no_promotion_that_is_certain()
    {
        using IdleBitmapFaultRun run = new();
        run.Scan(0.0);
        run.Scan(0.0);
        run.Fault = static (operation, path, _, _) => operation == FileOperation.Read && path == PageFlagsFile.Name ? IoResult.Failed(Errno.EIO) : null;
        foreach (SimulatedFolio folio in run.Host.Folios.Where(folio => folio.Kind == PageKind.Anon).Take(200).ToList())
            folio.Free();
        Assert.Equal(0, run.Scan(0.0)["/"].Promotions().Total.AtLeast);
    }

    [Theory]
    [InlineData((int)Errno.EIO)]
    [InlineData((int)Errno.EACCES)]
    [InlineData((int)Errno.ENOENT)]
    public void Without_memory_stat_idle_bytes_are_told_and_touched_ones_said_to_be_missing(int errno)
    {
        using IdleBitmapFaultRun run = new();
        run.ScanTimes(2);
        run.Fault = (operation, path, _, _) =>
            operation == FileOperation.Open && path == "/sys/fs/cgroup/a/memory.stat" ? IoResult.Failed((Errno)errno) : null;
        ColdPageSnapshot snapshot = run.Scan();
        IdleBitmapFaultRun.AssertTold(snapshot, "memory.stat of 1 memcgs could not be read");
        TimeSpan age = snapshot.Unattributed.Edges[1];
        Assert.Equal(run.Host.FindMemcg("/a")!.IdleBytes(age), snapshot["/a"].BytesOlderThan(age).AtLeast);
        Assert.Equal(0, snapshot["/a"].Idle()[0].LowerBytes);
        run.AssertRightAgain();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public void Without_vmstat_everything_is_in_doubt_and_all_is_asked_about_when_it_is_back(int pass)
    {
        using IdleBitmapFaultRun run = new();
        run.ScanTimes(pass);
        run.Fault = static (operation, path, _, _) => operation == FileOperation.Open && path == "/proc/vmstat" ? IoResult.Failed(Errno.ENOENT) : null;
        for (int i = 0; i < 3; i++)
        {
            ColdPageSnapshot snapshot = run.Scan();
            IdleBitmapFaultRun.AssertTold(snapshot, "/proc/vmstat");
            Assert.False(snapshot.Confidence.IsActionable);
        }

        run.Fault = null;
        ColdPageSnapshot known = run.Scan();
        if (pass > 0)
        {
            // The counts of before and after show that nothing moved meanwhile.
            run.AssertRightAgain();
            return;
        }

        // Nobody knows what moved since the first pass, for as long as pages have been idle since then.
        IdleBitmapFaultRun.AssertTold(known, "migrated or split");
        run.AssertExact(known);
    }

    [Fact]
    public void Counts_of_splits_that_come_and_go_hide_no_migration()
    {
        using IdleBitmapFaultRun run = new();
        run.Host.Memory.Splits[9] = 1000;
        run.ScanTimes(3);
        run.Fault = static (operation, path, _, _) =>
            operation == FileOperation.List && path == "/sys/kernel/mm/transparent_hugepage" ? IoResult.Failed(Errno.EIO) : null;
        SimulatedFolio[] idle = [.. run.Host.Folios.Where(folio => folio.Order == 0).Take(100)];
        foreach (SimulatedFolio folio in idle)
            run.Host.Memory.Migrate(folio);
        Assert.False(Scan().Confidence.IsActionable);
        run.Fault = null;
        IdleBitmapFaultRun.AssertTold(Scan(), "migrated or split");

        // What was migrated may be told too old: that is the doubt.
        ColdPageSnapshot Scan()
        {
            run.Host.Advance(TimeSpan.FromSeconds(2));
            run.Tracker.Scan();
            return run.Tracker.TakeSnapshot();
        }
    }
}
