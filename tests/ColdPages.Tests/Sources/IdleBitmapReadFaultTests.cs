using ColdPages.Simulation;

namespace ColdPages.Tests;

/// <summary>Reads of the idle bitmap that fail or come back short.</summary>
public sealed class IdleBitmapReadFaultTests
{
    public static TheoryData<int, int, int, bool> Failures()
    {
        TheoryData<int, int, int, bool> data = [];
        foreach (Errno errno in (Errno[])[Errno.EIO, Errno.ENXIO, Errno.EINVAL, Errno.EACCES])
        {
            for (int block = 0; block <= IdleBitmapFaultRun.LastBlock; block++)
            {
                foreach (int pass in (int[])[0, 3])
                {
                    data.Add((int)errno, block, pass, true);
                    data.Add((int)errno, block, pass, false);
                }
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Failures))]
    public void A_piece_that_cannot_be_read_counts_as_touched_and_is_told(int errno, int block, int pass, bool once)
    {
        using IdleBitmapFaultRun run = new();
        run.ScanTimes(pass);
        bool failed = false;
        run.Fault = (operation, path, offset, _) =>
        {
            if (operation != FileOperation.Read || path != IdleBitmap.Name || offset / IdleBitmapFaultRun.BlockBytes != block || (once && failed))
                return null;
            failed = true;
            return IoResult.Failed((Errno)errno);
        };
        for (int i = 0; i < 3; i++)
        {
            failed = false;
            ColdPageSnapshot snapshot = run.Scan();
            Assert.True(failed);

            // At the first pass a bitmap that ends with an error and one that ends are the same, but for what is said of the first piece.
            bool isEnd = (Errno)errno == Errno.ENXIO;
            if (!isEnd || block == 0)
                IdleBitmapFaultRun.AssertTold(snapshot, ((Errno)errno).Describe());
            else if (pass > 0 && i == 0)
                IdleBitmapFaultRun.AssertTold(snapshot, "ended early");
            Assert.Equal(isEnd && block == 0, snapshot.Failure is not null);
        }

        run.AssertRightAgain();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public void A_bitmap_that_cannot_be_read_at_all_fails_the_pass_and_keeps_nothing_that_is_not_so(int pass)
    {
        using IdleBitmapFaultRun run = new();
        run.ScanTimes(pass);
        run.Fault = static (operation, path, _, _) => operation == FileOperation.Read && path == IdleBitmap.Name ? IoResult.Failed(Errno.EIO) : null;
        for (int i = 0; i < 3; i++)
        {
            ColdPageSnapshot snapshot = run.Scan();
            Assert.NotNull(snapshot.Failure);
            IdleBitmapFaultRun.AssertTold(snapshot, "EIO");
        }

        run.AssertRightAgain();
    }

    [Fact]
    public void Errors_without_end_are_given_up_and_no_more_are_tried_each_time()
    {
        using IdleBitmapFaultRun run = new();
        run.ScanTimes(2);
        int tried = 0;
        run.Fault = (operation, path, offset, _) =>
        {
            if (operation != FileOperation.Read || path != IdleBitmap.Name || offset < IdleBitmapFaultRun.BlockBytes)
                return null;
            tried++;
            return IoResult.Failed(Errno.EIO);
        };
        List<int> tries = [];
        for (int i = 0; i < 5; i++)
        {
            tried = 0;
            IdleBitmapFaultRun.AssertTold(run.Scan(), "EIO");
            tries.Add(tried);
        }

        Assert.All(tries, count => Assert.InRange(count, 1, 70));
        run.AssertRightAgain();
    }

    [Fact]
    public void Reads_that_come_in_pieces_of_any_length_lose_nothing()
    {
        using IdleBitmapFaultRun run = new();
        run.ScanTimes(2);
        for (int first = 8; first <= IdleBitmapFaultRun.BlockBytes; first += 24)
        {
            // Each block in pieces of a length of its own; always, or only once.
            bool[] failed = new bool[IdleBitmapFaultRun.LastBlock + 2];
            run.Fault = (operation, path, offset, _) =>
            {
                int block = (int)(offset / IdleBitmapFaultRun.BlockBytes);
                if (operation != FileOperation.Read || path != IdleBitmap.Name || (failed[block] && first % 16 == 0))
                    return null;
                failed[block] = true;
                return IoResult.Done(first + (8 * block));
            };
            ColdPageSnapshot snapshot = run.Scan();
            Assert.Empty(snapshot.Confidence.Doubts);
            run.AssertExact(snapshot);
        }

        run.AssertRightAgain();
    }

    [Fact]
    public void A_piece_that_ends_early_anywhere_counts_as_touched_and_is_told()
    {
        using IdleBitmapFaultRun run = new();
        run.ScanTimes(2);
        for (int words = 0; words < IdleBitmap.BlockWords; words += 7)
        {
            int block = words % (IdleBitmapFaultRun.LastBlock + 1);
            long cut = (block * IdleBitmapFaultRun.BlockBytes) + (words % (block == IdleBitmapFaultRun.LastBlock ? 100 : IdleBitmap.BlockWords) * 8L);
            run.Fault = (operation, path, offset, count) =>
                operation == FileOperation.Read && path == IdleBitmap.Name && offset / IdleBitmapFaultRun.BlockBytes == block
                    ? IoResult.Done((int)Math.Clamp(cut - offset, 0, count)) : null;
            ColdPageSnapshot snapshot = run.Scan();
            IdleBitmapFaultRun.AssertTold(snapshot, cut == 0 ? "it is empty" : "ended early");
            run.Fault = null;
            if (words % 5 == 0)
                run.Scan();
        }

        run.AssertRightAgain();
    }

    [Fact]
    public void What_was_not_read_is_no_promotion_that_is_certain()
    {
        using IdleBitmapFaultRun run = new();
        run.Scan(0.0);
        run.Scan(0.0);
        run.Fault = static (operation, path, offset, _) =>
            operation == FileOperation.Read && path == IdleBitmap.Name && offset < IdleBitmapFaultRun.BlockBytes ? IoResult.Done(offset == 0 ? 8 : 0) : null;
        PromotionHistogram promotions = run.Scan(0.0)["/"].Promotions();
        Assert.Equal(0, promotions.Total.AtLeast);
    }

    [Theory]
    [InlineData((int)Errno.EIO)]
    [InlineData((int)Errno.EINVAL)]
    [InlineData((int)Errno.EACCES)]
    public void Marks_that_cannot_be_written_are_told_and_their_pages_count_as_touched(int errno)
    {
        foreach (bool once in (bool[])[true, false])
        {
            for (int block = 0; block <= IdleBitmapFaultRun.LastBlock; block++)
            {
                foreach (int pass in (int[])[0, 3])
                    WriteFails(block, pass, once, _ => IoResult.Failed((Errno)errno), ((Errno)errno).Describe());
            }
        }
    }

    [Fact]
    public void Marks_that_nobody_takes_are_told()
    {
        for (int block = 0; block <= IdleBitmapFaultRun.LastBlock; block++)
            WriteFails(block, block, once: false, _ => IoResult.Done(0), "ended early");
    }

    [Fact]
    public void Marks_that_are_taken_in_pieces_lose_nothing()
    {
        using IdleBitmapFaultRun run = new();
        run.Scan();
        for (int length = 8; length <= 512; length += 8)
        {
            run.Fault = (operation, _, _, count) => operation == FileOperation.Write ? IoResult.Done(Math.Min(count, length)) : null;
            Assert.Empty(run.Scan().Confidence.Doubts);
        }

        run.AssertExact(run.Scan());
        run.AssertRightAgain();
    }

    [Fact]
    public void A_mark_beyond_the_end_is_memory_that_was_taken_out()
    {
        using IdleBitmapFaultRun run = new();
        run.ScanTimes(2);
        run.Fault = static (operation, _, _, _) => operation == FileOperation.Write ? IoResult.Failed(Errno.ENXIO) : null;
        Assert.Empty(run.Scan().Confidence.Doubts);
        run.AssertRightAgain();
    }

    private static void WriteFails(int block, int pass, bool once, Func<int, IoResult> fail, string told)
    {
        using IdleBitmapFaultRun run = new();
        run.ScanTimes(pass);
        bool failed = false;
        run.Fault = (operation, path, offset, count) =>
        {
            if (operation != FileOperation.Write || path != IdleBitmap.Name || offset / IdleBitmapFaultRun.BlockBytes != block || (once && failed))
                return null;
            failed = true;
            return fail(count);
        };
        for (int i = 0; i < 2; i++)
        {
            failed = false;
            ColdPageSnapshot snapshot = run.Scan();
            Assert.True(failed);
            IdleBitmapFaultRun.AssertTold(snapshot, told);
            IdleBitmapFaultRun.AssertTold(snapshot, "could not be written");
        }

        run.AssertRightAgain();
    }
}
