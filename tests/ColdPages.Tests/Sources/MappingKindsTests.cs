using System.Text;

namespace ColdPages.Tests;

public sealed class MappingKindsTests
{
    private readonly FakeHost _host = new();
    private readonly MappingKinds _kinds;

    public MappingKindsTests()
    {
        _host.AddProcess(1, "/");
        _kinds = new MappingKinds(_host);
        _kinds.BeginPass();
    }

    [Fact]
    public void A_block_device_is_a_file_whatever_the_name()
    {
        Assert.Equal(PageKind.File, Of(8, 1, "/bin/sh"));
        Assert.Equal(PageKind.File, Of(8, 1, "/memfd:x (deleted)"));
    }

    [Theory]
    [InlineData("tmpfs", PageKind.Shmem)]
    [InlineData("devtmpfs", PageKind.Shmem)]
    [InlineData("overlay", PageKind.File)]
    [InlineData("btrfs", PageKind.File)]
    [InlineData("nfs4", PageKind.File)]
    public void A_mounted_file_system_decides_for_its_device(string fileSystem, PageKind expected)
    {
        _host.Processes[1].Mounts = $"31 23 0:70 / /mnt rw - {fileSystem} none rw\n";
        Assert.Equal(expected, Of(0, 70, "/mnt/x"));
        Assert.Equal(expected, Of(0, 70, "/memfd:x"));
    }

    [Fact]
    public void The_mounts_asked_are_those_of_the_process_that_has_the_mapping()
    {
        _host.Processes[1].Mounts = "";
        _host.AddProcess(2, "/").Mounts = "31 23 0:71 / /dev/shm rw - tmpfs shm rw\n";
        Assert.Equal(PageKind.Shmem, Of(0, 71, "/dev/shm/x", pid: 2));
    }

    [Theory]
    [InlineData("/memfd:name (deleted)", PageKind.Shmem)]
    [InlineData("/SYSV0052e2c1 (deleted)", PageKind.Shmem)]
    [InlineData("/dev/zero (deleted)", PageKind.Shmem)]
    [InlineData("[anon_shmem:name]", PageKind.Shmem)]
    [InlineData("/somewhere/else", PageKind.File)]
    [InlineData("[vdso]", PageKind.File)]
    [InlineData("", PageKind.File)]
    public void A_device_that_nobody_mounts_is_told_by_the_name(string name, PageKind expected) => Assert.Equal(expected, Of(0, 1, name));

    [Fact]
    public void A_name_that_tells_nothing_does_not_decide_for_others_on_its_device()
    {
        Assert.Equal(PageKind.File, Of(0, 1, "/drm mm object (deleted)"));
        Assert.Equal(PageKind.Shmem, Of(0, 1, "/memfd:name (deleted)"));
        Assert.Equal(PageKind.Shmem, Of(0, 1, "/drm mm object (deleted)"));
    }

    [Fact]
    public void A_process_whose_mounts_cannot_be_read_is_told_by_names()
    {
        _host.OnOpen = static (_, _) => Errno.EACCES;
        Assert.Equal(PageKind.Shmem, Of(0, 40, "/memfd:x"));
        Assert.Equal(0, _host.OpenFiles);
    }

    [Fact]
    public void Mounts_are_read_once_for_many_mappings()
    {
        int opened = 0;
        _host.OnOpen = (_, _) =>
        {
            opened++;
            return Errno.None;
        };
        for (int i = 0; i < 50; i++)
        {
            _ = Of(0, 40, "/dev/shm/x");
            _ = Of(0, 1, "/memfd:x");
            _ = Of(0, 2, "/unknown");
        }

        Assert.InRange(opened, 1, 3);
    }

    [Fact]
    public void A_device_number_that_another_file_system_got_is_learned_again_after_some_passes()
    {
        Assert.Equal(PageKind.Shmem, Of(0, 40, "/x"));
        _host.Processes[1].Mounts = "31 23 0:40 / /mnt rw - nfs4 host:/x rw\n";
        for (int pass = 0; pass < 64; pass++)
            _kinds.BeginPass();
        Assert.Equal(PageKind.File, Of(0, 40, "/x"));
    }

    private PageKind Of(uint major, uint minor, string name, int pid = 1)
    {
        SmapsMapping mapping = new() { Major = major, Minor = minor, Name = Encoding.ASCII.GetBytes(name) };
        return _kinds.Of(mapping, pid);
    }
}
