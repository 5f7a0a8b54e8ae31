using System.Runtime.InteropServices;
using ColdPages.Simulation;

namespace ColdPages.Tests;

public sealed class WordFileTests
{
    private static readonly ulong[] s_words = [1, ulong.MaxValue, 3, 0, 5, 1UL << 63];

    [Theory]
    [InlineData(8)]
    [InlineData(16)]
    [InlineData(40)]
    [InlineData(4096)]
    public void Reads_that_come_in_pieces_are_put_together(int piece)
    {
        ulong[] words = new ulong[4];
        Assert.Equal(IoResult.Done(4), Read(Host(s_words, (_, _, count) => IoResult.Done(Math.Min(count, piece))), 1, words));
        Assert.Equal(s_words[1..5], words);
    }

    [Fact]
    public void The_end_of_the_file_ends_a_read()
    {
        ulong[] words = new ulong[4];
        Assert.Equal(IoResult.Done(2), Read(Host(s_words), 4, words));
        Assert.Equal([5, 1UL << 63, 0, 0], words);
        Assert.Equal(IoResult.Done(0), Read(Host(s_words), 6, words));
    }

    [Fact]
    public void An_error_after_some_pieces_is_an_error()
    {
        FakeHost host = Host(s_words, (_, offset, _) => offset < 16 ? IoResult.Done(8) : IoResult.Failed(Errno.EIO));
        Assert.Equal(IoResult.Failed(Errno.EIO), Read(host, 0, new ulong[4]));
        Assert.Equal(0, host.OpenFiles);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(12)]
    public void A_piece_that_ends_within_a_word_is_an_error(int piece) =>
        Assert.Equal(IoResult.Failed(Errno.EIO), Read(Host(s_words, (_, _, _) => IoResult.Done(piece)), 0, new ulong[4]));

    [Fact]
    public void A_file_that_is_not_there_gives_its_errno_and_nothing_to_close()
    {
        FakeHost host = new();
        Assert.Equal(Errno.ENOENT, WordFile.Open(host, "/words"u8, KernelFileAccess.Read, out WordFile words));
        words.Dispose();
        Assert.Equal(0, host.OpenFiles);
    }

    [Theory]
    [InlineData(4096)]
    [InlineData(8)]
    public void Writes_that_are_taken_in_pieces_go_on(int piece)
    {
        SimulatedHost host = new(new SimulatedHostOptions { Frames = 320 });
        host.MakeMemcg("/a").Allocate(PageKind.Anon, 320 * 4096);
        host.Files.Fault = (operation, _, _, count) =>
            operation == FileOperation.Write && count > piece ? IoResult.Done(piece) : null;
        Assert.Equal(IoResult.Done(3), Write(host, 1, [ulong.MaxValue, 5, ulong.MaxValue]));
        host.Files.Fault = null;
        Assert.Equal([0, ulong.MaxValue, 5, ulong.MaxValue, 0], host.Bits());
    }

    [Fact]
    public void A_write_that_nobody_takes_ends_with_what_was_written()
    {
        SimulatedHost host = new(new SimulatedHostOptions { Frames = 320 });
        host.Files.Fault = (operation, _, offset, _) => operation == FileOperation.Write ? IoResult.Done(offset == 0 ? 16 : 0) : null;
        Assert.Equal(IoResult.Done(2), Write(host, 0, [1, 1, 1]));
    }

    [Fact]
    public void A_write_beyond_the_end_fails()
    {
        SimulatedHost host = new(new SimulatedHostOptions { Frames = 320 });
        Assert.Equal(IoResult.Failed(Errno.ENXIO), Write(host, 5, [1]));
        Assert.Equal(IoResult.Failed(Errno.ENXIO), Write(host, 4, [1, 1]));
        Assert.Equal(0, host.Files.OpenFiles);
    }

    private static FakeHost Host(ulong[] words, Func<string, long, int, IoResult>? onRead = null)
    {
        FakeHost host = new() { OnRead = onRead };
        host.Write("/words", MemoryMarshal.AsBytes(words.AsSpan()).ToArray());
        return host;
    }

    private static IoResult Read(FakeHost host, long first, Span<ulong> words)
    {
        Assert.Equal(Errno.None, WordFile.Open(host, "/words"u8, KernelFileAccess.Read, out WordFile file));
        using (file)
            return file.Read(first, words);
    }

    private static IoResult Write(SimulatedHost host, long first, ReadOnlySpan<ulong> words)
    {
        Assert.Equal(Errno.None, WordFile.Open(host.Files, IdleBitmap.Path, KernelFileAccess.ReadWrite, out WordFile file));
        using (file)
            return file.Write(first, words);
    }
}
