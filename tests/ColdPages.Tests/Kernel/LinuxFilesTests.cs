using System.Runtime.Versioning;
using System.Text;

namespace ColdPages.Tests;

[SupportedOSPlatform("linux")]
public sealed class LinuxFilesTests : IDisposable
{
    private readonly RawFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("")]
    [InlineData("/")]
    public void A_path_is_looked_up_under_the_prefix(string slash)
    {
        _folder.Write("/proc/meminfo", "MemTotal: 4 kB\n");
        LinuxFiles files = new(_folder.Path + slash);
        Assert.Equal(4096, MemInfo.Read(files).Total);
        Assert.Equal(_folder.Path + "/proc/meminfo", files.Display("/proc/meminfo"));
    }

    [Fact]
    public void Without_a_prefix_a_path_is_what_it_says()
    {
        string full = _folder.Write("/file", "content");
        LinuxFiles files = new("");
        using FileText text = FileText.Rent();
        Assert.Equal(Errno.None, text.Load(files, Encoding.UTF8.GetBytes(full)));
        Assert.True(text.Bytes.SequenceEqual("content"u8));
        Assert.Equal("/proc", files.Display("/proc"));
    }

    [Fact]
    public void Mounts_are_read_from_process_1_where_self_would_be_another_namespace()
    {
        Assert.True(new LinuxFiles("").MountInfoPath.SequenceEqual("/proc/self/mountinfo"u8));
        Assert.True(new LinuxFiles("/").MountInfoPath.SequenceEqual("/proc/self/mountinfo"u8));
        Assert.True(new LinuxFiles("/host").MountInfoPath.SequenceEqual("/proc/1/mountinfo"u8));
    }

    [Fact]
    public void Reads_start_at_the_offset_and_end_at_the_end()
    {
        _folder.Write("/file", "0123456789");
        using KernelFile file = Open("/file"u8, KernelFileAccess.Read);
        byte[] buffer = new byte[4];
        Assert.Equal(IoResult.Done(4), file.Read(3, buffer));
        Assert.Equal("3456"u8, buffer);
        Assert.Equal(IoResult.Done(2), file.Read(8, buffer));
        Assert.Equal(IoResult.Done(0), file.Read(10, buffer));
    }

    [Fact]
    public void Writes_land_at_the_offset()
    {
        string full = _folder.Write("/file", "0123456789");
        using (KernelFile file = Open("/file"u8, KernelFileAccess.Write))
            Assert.Equal(IoResult.Done(2), file.Write(4, "ab"u8));
        Assert.Equal("0123ab6789", File.ReadAllText(full));
    }

    [Fact]
    public void A_handle_of_the_wrong_direction_gives_EBADF()
    {
        _folder.Write("/file", "0123456789");
        using KernelFile reading = Open("/file"u8, KernelFileAccess.Read);
        Assert.Equal(IoResult.Failed(Errno.EBADF), reading.Write(0, "x"u8));
        using KernelFile writing = Open("/file"u8, KernelFileAccess.Write);
        Assert.Equal(IoResult.Failed(Errno.EBADF), writing.Read(0, new byte[1]));
    }

    [Fact]
    public void What_is_not_there_gives_ENOENT()
    {
        LinuxFiles files = new(_folder.Path);
        Assert.Equal(Errno.ENOENT, files.Open("/missing"u8, KernelFileAccess.Read, out _));
        Assert.Equal(Errno.ENOENT, files.List("/missing"u8, new DirectoryListing()));
    }

    [Fact]
    public void A_file_is_no_folder_and_a_folder_no_file()
    {
        _folder.Write("/file", "");
        LinuxFiles files = new(_folder.Path);
        Assert.Equal(Errno.ENOTDIR, files.List("/file"u8, new DirectoryListing()));
        using FileText text = FileText.Rent();
        Assert.Equal(Errno.EISDIR, text.Load(files, "/"u8));
    }

    [Fact]
    public void What_may_not_be_read_gives_EACCES()
    {
        Assert.SkipWhen(Environment.IsPrivilegedProcess, "Root may read everything.");
        string full = _folder.Write("/secret", "x");
        File.SetUnixFileMode(full, UnixFileMode.None);
        Assert.Equal(Errno.EACCES, new LinuxFiles(_folder.Path).Open("/secret"u8, KernelFileAccess.Read, out _));
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(1, false)]
    public void A_path_must_fit_the_kernels_limit_with_its_prefix_and_NUL(int beyond, bool fits)
    {
        // "/x//////...": as many slashes as it takes, which mean nothing to the kernel.
        _folder.Write("/x", "");
        byte[] path = new byte[KernelPath.MaxLength - 1 - Encoding.UTF8.GetByteCount(_folder.Path) + beyond];
        path.AsSpan().Fill((byte)'/');
        path[^1] = (byte)'x';
        LinuxFiles files = new(_folder.Path);
        Errno error = files.Open(path, KernelFileAccess.Read, out int handle);
        Assert.Equal(fits ? Errno.None : Errno.ENAMETOOLONG, error);
        if (error == Errno.None)
            files.Close(handle);
        Assert.Equal(fits ? Errno.ENOTDIR : Errno.ENAMETOOLONG, files.List(path, new DirectoryListing()));
    }

    [Fact]
    public void A_listing_has_the_inodes_that_stat_tells()
    {
        string folder = _folder.MakeFolder("/a");
        string file = _folder.Write("/file", "");
        DirectoryListing listing = new();
        Assert.Equal(Errno.None, new LinuxFiles(_folder.Path).List("/"u8, listing));
        Assert.Equal(RawFolder.InodeOf(_folder.Path), listing.OwnInode);
        Dictionary<string, (ulong, bool)> entries = [];
        for (int i = 0; i < listing.Count; i++)
            entries[Encoding.UTF8.GetString(listing.Name(i))] = (listing.Inode(i), listing.IsDirectory(i));
        Assert.Equal(2, entries.Count);
        Assert.Equal((RawFolder.InodeOf(folder), true), entries["a"]);
        Assert.Equal((RawFolder.InodeOf(file), false), entries["file"]);
    }

    [Fact]
    public void A_listing_replaces_what_the_listing_before_found()
    {
        _folder.MakeFolder("/a/b");
        LinuxFiles files = new(_folder.Path);
        DirectoryListing listing = new();
        Assert.Equal(Errno.None, files.List("/"u8, listing));
        Assert.Equal(Errno.None, files.List("/a"u8, listing));
        Assert.Equal(1, listing.Count);
        Assert.True(listing.Contains("b"u8));
    }

    [Fact]
    public void A_folder_with_thousands_of_entries_is_listed_whole()
    {
        for (int i = 0; i < 3000; i++)
            _folder.MakeFolder($"/entry-{i}");
        DirectoryListing listing = new();
        Assert.Equal(Errno.None, new LinuxFiles(_folder.Path).List("/"u8, listing));
        Assert.Equal(3000, listing.Count);
    }

    [Fact]
    public void Names_that_are_not_UTF_8_are_listed_and_opened_by_their_bytes()
    {
        byte[] name = [0xff, (byte)'a', 0x1b, 0xc3];
        _folder.WriteRaw(name);
        LinuxFiles files = new(_folder.Path);
        DirectoryListing listing = new();
        Assert.Equal(Errno.None, files.List("/"u8, listing));
        Assert.True(listing.Contains(name));
        using KernelFile file = Open([(byte)'/', .. name], KernelFileAccess.Read);
        Assert.Equal(IoResult.Done(0), file.Read(0, new byte[1]));
    }

    [Fact]
    public void The_threads_cpu_time_never_runs_back()
    {
        LinuxFiles files = new("");
        CpuTime before = files.ThreadCpu;
        CpuTime spent = files.ThreadCpu - before;
        Assert.True(before.User + before.Kernel > TimeSpan.Zero);
        Assert.True(spent.User >= TimeSpan.Zero && spent.Kernel >= TimeSpan.Zero);
    }

    private KernelFile Open(ReadOnlySpan<byte> path, KernelFileAccess access)
    {
        Assert.Equal(Errno.None, KernelFile.Open(new LinuxFiles(_folder.Path), path, access, out KernelFile file));
        return file;
    }
}
