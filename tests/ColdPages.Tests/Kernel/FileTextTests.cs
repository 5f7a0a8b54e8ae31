using FsCheck.Xunit;

namespace ColdPages.Tests;

public sealed class FileTextTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData((16 * 1024) - 1)]
    [InlineData(16 * 1024)]
    [InlineData((16 * 1024) + 1)]
    [InlineData(300_000)]
    public void A_file_of_any_size_is_read_whole(int size)
    {
        byte[] content = Content(size);
        FakeHost host = Host(content);
        using FileText text = FileText.Rent();
        Assert.Equal(Errno.None, text.Load(host, "/file"u8));
        Assert.True(text.Bytes.SequenceEqual(content));
        Assert.Equal(0, host.OpenFiles);
    }

    [Property]
    public void Pieces_of_any_size_make_the_same_text(byte[] sizes)
    {
        byte[] content = Content(2000);
        FakeHost host = Host(content);
        int reads = 0;
        host.OnRead = (_, _, _) => IoResult.Done(1 + (sizes.Length == 0 ? 0 : sizes[reads++ % sizes.Length]));
        using FileText text = FileText.Rent();
        Assert.Equal(Errno.None, text.Load(host, "/file"u8));
        Assert.True(text.Bytes.SequenceEqual(content));
    }

    [Fact]
    public void An_error_half_way_comes_back_and_leaves_no_open_file()
    {
        FakeHost host = Host(Content(2000));
        host.OnRead = static (_, offset, _) => offset < 500 ? IoResult.Done(100) : IoResult.Failed(Errno.ESRCH);
        using FileText text = FileText.Rent();
        Assert.Equal(Errno.ESRCH, text.Load(host, "/file"u8));
        Assert.Equal(0, host.OpenFiles);
    }

    [Fact]
    public void A_file_that_is_not_there_gives_its_errno_and_nothing_of_the_file_before()
    {
        FakeHost host = Host(Content(10));
        using FileText text = FileText.Rent();
        Assert.Equal(Errno.None, text.Load(host, "/file"u8));
        Assert.Equal(Errno.ENOENT, text.Load(host, "/other"u8));
        Assert.True(text.Bytes.IsEmpty);
    }

    [Fact]
    public void A_shorter_file_loaded_after_a_longer_one_has_nothing_of_it_left()
    {
        FakeHost host = Host(Content(1000));
        host.Write("/short", "12");
        using FileText text = FileText.Rent();
        Assert.Equal(Errno.None, text.Load(host, "/file"u8));
        Assert.Equal(Errno.None, text.Load(host, "/short"u8));
        Assert.True(text.Bytes.SequenceEqual("12"u8));
    }

    [Fact]
    public void A_rented_text_is_empty()
    {
        using (FileText used = FileText.Rent())
            Assert.Equal(Errno.None, used.Load(Host(Content(10)), "/file"u8));
        using FileText text = FileText.Rent();
        Assert.True(text.Bytes.IsEmpty);
    }

    private static FakeHost Host(byte[] content)
    {
        FakeHost host = new();
        host.Write("/file", content);
        return host;
    }

    private static byte[] Content(int size) => [.. Enumerable.Range(0, size).Select(i => (byte)(i % 251))];
}
