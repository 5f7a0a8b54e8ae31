using ColdPages.Simulation;

namespace ColdPages.Tests;

/// <summary>What changes under a pass: memory that comes and goes, cgroups that do, passes that are cancelled.</summary>
public sealed class IdleBitmapChangeTests
{
    [Theory]
    [InlineData(-1)] // Between passes.
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Memory_that_is_added_is_measured_from_then_on(int inBlock)
    {
        using IdleBitmapFaultRun run = new();
        run.ScanTimes(2);
        bool added = false;
        Action<string, long> add = (path, offset) =>
        {
            if (added || (inBlock >= 0 && (path != IdleBitmap.Name || offset / IdleBitmapFaultRun.BlockBytes != inBlock)))
                return;
            added = true;
            int firstSection = (run.Host.Frames + 3199) / 3200;
            run.Host.Memory.HotAdd(20);
            for (int section = firstSection; section < run.Host.Frames / 3200; section++)
                run.Host.Memory.Online(section);
            for (int frame = firstSection * 3200; frame < run.Host.Frames; frame += 900)
                run.Add(run.Host.Memory.Allocate(run.Host.FindMemcg("/a"), PageKind.Anon, 0, frame));
        };
        if (inBlock < 0)
            add("", 0);
        run.Host.Files.BeforeRead = add;
        run.Scan();
        Assert.True(added);
        Assert.True(run.Host.Frames > 4 * IdleBitmapFaultRun.Block);
        run.AssertRightAgain();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Memory_that_is_taken_out_is_forgotten_and_told_and_measured_anew_when_it_is_back(bool withinPass)
    {
        foreach (int frames in (int[])[6400, 20_000, 40_000])
        {
            using IdleBitmapFaultRun run = new();
            run.ScanTimes(3);
            long end = (run.Host.Frames - frames) / 64 * 8;
            bool isOut = !withinPass;
            run.Fault = (operation, path, offset, count) =>
            {
                if (path != IdleBitmap.Name || operation == FileOperation.Open)
                    return null;
                isOut |= operation == FileOperation.Write;
                long left = isOut ? end - offset : long.MaxValue;
                return left <= 0 && operation == FileOperation.Write ? IoResult.Failed(Errno.ENXIO) : IoResult.Done((int)Math.Clamp(left, 0, count));
            };
            IdleBitmapFaultRun.AssertTold(run.Scan(), "ended early");
            run.Scan();
            Assert.DoesNotContain(run.Scan().Confidence.Doubts, doubt => doubt.Contains("ended early", StringComparison.Ordinal));
            run.AssertRightAgain();
        }
    }

    [Fact]
    public void Pages_of_an_inode_that_nobody_knows_belong_to_none_until_it_is_known()
    {
        using IdleBitmapFaultRun run = new();
        run.ScanTimes(2);
        long hidden = run.Host.FindMemcg("/b/c")!.IdleBytes(TimeSpan.Zero);
        run.Fault = static (operation, path, _, _) => operation == FileOperation.List && path == "/sys/fs/cgroup/b/c" ? IoResult.Failed(Errno.EIO) : null;

        // Its folder is not seen: what was known goes to the one above, and what the kernel says from then on is of an inode without a folder.
        run.Scan(0.9);
        ColdPageSnapshot snapshot = run.Scan(0.0);
        Assert.InRange(snapshot.Unattributed.TotalBytes, 1, hidden);
        Assert.False(snapshot.TryGetMemcg("/b/c", out _));
        run.Fault = null;
        snapshot = run.Scan(0.0);
        Assert.Equal(0, snapshot.Unattributed.TotalBytes);
        Assert.True(snapshot.TryGetMemcg("/b/c", out _));
    }

    [Theory]
    [InlineData("/b/c")]
    [InlineData("/b/d")]
    [InlineData("/a/x")]
    public void A_cgroup_that_is_made_with_the_inode_of_one_removed_gets_no_page_of_it_for_long(string path)
    {
        foreach (int pages in (int[])[0, 1, 10])
        {
            using IdleBitmapFaultRun run = new();
            run.ScanTimes(3);
            SimulatedMemcg old = run.Host.FindMemcg("/b/c")!;
            old.Remove();
            SimulatedMemcg other = run.Host.MakeMemcg(path, old.Inode);
            foreach (SimulatedFolio folio in other.Allocate(PageKind.Anon, pages * 4096L))
                run.Add(folio);

            // One with the same name can be told from the old one by its memory.stat alone, and that is read at the end of a pass.
            Scan(run, exact: path != "/b/c");
            for (int i = 0; i < 2; i++)
                Scan(run, exact: path != "/b/c" || i > 0);
        }

        static void Scan(IdleBitmapFaultRun run, bool exact)
        {
            if (exact)
            {
                run.Scan();
                return;
            }

            // All together nothing is too old.
            run.Host.Advance(TimeSpan.FromSeconds(2));
            run.Tracker.Scan();
            ColdPageSnapshot snapshot = run.Tracker.TakeSnapshot();
            foreach (TimeSpan age in snapshot.Unattributed.Edges.Skip(1))
                Assert.True(snapshot["/"].BytesOlderThan(age).AtLeast <= run.Host.Root.IdleBytes(age));
        }
    }

    [Fact]
    public void A_cgroup_that_is_removed_within_a_pass_is_a_result()
    {
        foreach (string path in (string[])[IdleBitmap.Name, PageFlagsFile.Name, "/sys/fs/cgroup/b/memory.stat", "/sys/fs/cgroup/b/c/memory.stat"])
        {
            using IdleBitmapFaultRun run = new();
            run.ScanTimes(3);
            bool removed = false;
            run.Host.Files.BeforeRead = (read, _) =>
            {
                if (removed || read != path)
                    return;
                removed = true;
                run.Host.FindMemcg("/b/c")!.Remove();
            };
            run.Host.Advance(TimeSpan.FromSeconds(2));
            run.Tracker.Scan();
            Assert.True(removed);
            run.Host.Files.BeforeRead = null;

            // What went to /b with it is told where it was still, and so to the one above together with it.
            ColdPageSnapshot snapshot = run.Tracker.TakeSnapshot();
            Assert.Null(snapshot.Failure);
            foreach (TimeSpan age in snapshot.Unattributed.Edges.Skip(1))
                Assert.True(snapshot["/b"].BytesOlderThan(age).AtLeast <= run.Host.FindMemcg("/b")!.IdleBytes(age));
            run.AssertRightAgain();
        }
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(0, 1)]
    [InlineData(0, 2)]
    [InlineData(1, 1)]
    [InlineData(3, 0)]
    [InlineData(3, 1)]
    [InlineData(3, 2)]
    public void A_pass_that_is_cancelled_within_any_block_does_no_harm(int pass, int block)
    {
        using IdleBitmapFaultRun run = new();
        run.ScanTimes(pass);
        using CancellationTokenSource cancelling = new();
        run.Host.Files.BeforeRead = (path, offset) =>
        {
            if (path == IdleBitmap.Name && offset / IdleBitmapFaultRun.BlockBytes == block)
                cancelling.Cancel();
        };
        Assert.ThrowsAny<OperationCanceledException>(() => run.Scan(cancellationToken: cancelling.Token));
        Assert.NotNull(run.Look().Failure);
        run.Host.Files.BeforeRead = null;

        // What was known to be idle still is.
        ColdPageSnapshot snapshot = run.Scan();
        if (pass > 1)
            run.AssertExact(snapshot, atEdge: 3);
        run.AssertRightAgain();
    }

    [Fact]
    public void A_promotion_has_the_age_that_was_told_before_it_also_after_a_pass_that_failed()
    {
        using IdleBitmapFaultRun run = new();
        for (int i = 0; i < 4; i++)
            run.Scan(0.0);

        // Idle for 3 passes at the last one that looked; when they were touched after it nobody knows.
        run.Fault = static (operation, path, _, _) => operation == FileOperation.Open && path == PageFlagsFile.Name ? IoResult.Failed(Errno.EIO) : null;
        run.Scan(0.0);
        run.Fault = null;
        ColdPageSnapshot snapshot = run.Scan(hot: 1);
        PromotionBin promotion = Assert.Single(snapshot["/"].Promotions());
        Assert.Equal((snapshot.Unattributed.Edges[3], run.Host.Folios.Sum(folio => folio.Bytes)), (promotion.From, promotion.Bytes.AtMost));
    }

    [Fact]
    public void What_a_pass_that_did_not_end_well_found_touched_is_not_lost()
    {
        using IdleBitmapFaultRun run = new();
        run.Scan(0.0);
        run.Scan(0.0);
        using CancellationTokenSource cancelling = new();
        run.Host.Files.BeforeRead = (path, offset) =>
        {
            if (path == IdleBitmap.Name && offset / IdleBitmapFaultRun.BlockBytes == IdleBitmapFaultRun.LastBlock)
                cancelling.Cancel();
        };
        Assert.ThrowsAny<OperationCanceledException>(() => run.Scan(hot: 1, cancelling.Token));
        run.Host.Files.BeforeRead = null;
        PromotionHistogram promotions = run.Scan(0.0)["/"].Promotions();
        Assert.Equal(run.Host.Folios.Sum(folio => folio.Bytes), promotions.Total.AtMost);
    }
}
