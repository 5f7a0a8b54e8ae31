using System.Text;
using FsCheck.Xunit;

namespace ColdPages.Tests;

public sealed class MountInfoTests
{
    [Fact]
    public void A_line_with_no_optional_field_is_read()
    {
        MountInfo mount = Assert.Single(MountInfo.Parse("36 35 98:17 /root /mount/point rw,noatime - ext4 /dev/root rw,errors=continue\n"u8));
        Assert.Equal((98u, 17u), (mount.Major, mount.Minor));
        Assert.Equal("/root"u8, mount.Root);
        Assert.Equal("/mount/point"u8, mount.MountPoint);
        Assert.Equal("ext4", mount.FileSystem);
        Assert.Equal("rw,errors=continue", mount.SuperOptions);
    }

    [Theory]
    [InlineData("36 35 0:32 / /m rw shared:1 - cgroup cgroup rw,memory")]
    [InlineData("36 35 0:32 / /m rw shared:1 master:2 propagate_from:3 unbindable - cgroup cgroup rw,memory")]
    public void Optional_fields_are_passed_over(string line)
    {
        MountInfo mount = Assert.Single(MountInfo.Parse(Encoding.ASCII.GetBytes(line)));
        Assert.Equal("cgroup", mount.FileSystem);
        Assert.Equal("rw,memory", mount.SuperOptions);
    }

    [Theory]
    [InlineData(@"/a\040b", "/a b")]
    [InlineData(@"/a\011b", "/a\tb")]
    [InlineData(@"/a\012b", "/a\nb")]
    [InlineData(@"/a\134b", @"/a\b")]
    [InlineData(@"/\134040", @"/\040")]
    [InlineData(@"/a\040", "/a ")]
    [InlineData(@"/a\04", @"/a\04")]
    [InlineData(@"/a\", @"/a\")]
    [InlineData(@"/a\089", @"/a\089")]
    [InlineData(@"/a\303\251", "/a\u00c3\u00a9")]
    public void Octal_escapes_are_undone_once_in_root_and_mount_point(string written, string plain)
    {
        MountInfo mount = Assert.Single(MountInfo.Parse(Encoding.ASCII.GetBytes($"1 2 0:3 {written} {written} rw - tmpfs tmpfs rw\n")));
        Assert.Equal(plain, Encoding.Latin1.GetString(mount.Root));
        Assert.Equal(plain, Encoding.Latin1.GetString(mount.MountPoint));
    }

    [Fact]
    public void Bytes_that_are_not_UTF_8_stay_in_paths()
    {
        byte[] line = Encoding.Latin1.GetBytes("1 2 0:3 / /\u00ff\u001b rw - tmpfs tmpfs rw\n");
        Assert.Equal([(byte)'/', 0xff, 0x1b], Assert.Single(MountInfo.Parse(line)).MountPoint);
    }

    [Theory]
    [InlineData("")]
    [InlineData("36")]
    [InlineData("36 35 98:0 / /mnt rw ext4 /dev/root rw")]
    [InlineData("36 35 98 / /mnt rw - ext4 /dev/root rw")]
    [InlineData("36 35 :0 / /mnt rw - ext4 /dev/root rw")]
    [InlineData("36 35 98: / /mnt rw - ext4 /dev/root rw")]
    [InlineData("36 35 98:0x / /mnt rw - ext4 /dev/root rw")]
    [InlineData("36 35 99999999999:0 / /mnt rw - ext4 /dev/root rw")]
    public void A_malformed_line_is_left_out_and_the_others_stay(string line)
    {
        List<MountInfo> mounts = MountInfo.Parse(Encoding.ASCII.GetBytes($"{line}\n37 35 0:5 / /ok rw - tmpfs tmpfs rw\n"));
        Assert.Equal("/ok"u8, Assert.Single(mounts).MountPoint);
    }

    [Property]
    public void A_text_cut_anywhere_never_throws_and_keeps_the_lines_before_the_cut(ushort cut)
    {
        const string Line = "36 35 98:17 /a\\040b /mount/point rw shared:3 - ext4 /dev/root rw,errors=continue\n";
        string text = string.Concat(Enumerable.Repeat(Line, 4))[..(cut % ((Line.Length * 4) + 1))];
        List<MountInfo> mounts = MountInfo.Parse(Encoding.ASCII.GetBytes(text));
        Assert.InRange(mounts.Count, text.Length / Line.Length, (text.Length / Line.Length) + 1);
    }

    [Theory]
    [InlineData("08:01", 'x', 8u, 1u)]
    [InlineData("fd:1f", 'x', 0xfdu, 0x1fu)]
    [InlineData("00:100000", 'x', 0u, 0x100000u)]
    [InlineData("0:40", 'D', 0u, 40u)]
    public void A_device_is_read_in_the_base_of_its_file(string text, char format, uint expectedMajor, uint expectedMinor)
    {
        Assert.True(MountInfo.TryParseDevice(Encoding.ASCII.GetBytes(text), format, out uint major, out uint minor));
        Assert.Equal((expectedMajor, expectedMinor), (major, minor));
    }
}
