using System.Text;

namespace ColdPages.Tests;

public sealed class KernelPathTests
{
    [Theory]
    [InlineData(1, "/proc/1/smaps")]
    [InlineData(4194304, "/proc/4194304/smaps")]
    [InlineData(int.MaxValue, "/proc/2147483647/smaps")]
    public void A_process_file_has_its_pid(int pid, string expected) =>
        Assert.Equal(expected, Encoding.ASCII.GetString(KernelPath.Process(new byte[64], pid, "smaps"u8).Bytes));

    [Theory]
    [InlineData("/sys/fs/cgroup", "/sys/fs/cgroup/memory.stat")]
    [InlineData("/", "/memory.stat")]
    [InlineData("", "/memory.stat")]
    public void A_file_in_a_folder_has_one_slash_between(string folder, string expected) =>
        Assert.Equal(expected, Encoding.ASCII.GetString(KernelPath.Child(new byte[64], Encoding.ASCII.GetBytes(folder), "memory.stat"u8).Bytes));

    [Fact]
    public void Bytes_that_are_not_UTF_8_stay_as_they_are() =>
        Assert.True(KernelPath.Child(new byte[64], [(byte)'/', 0xff], [0x1b]).Bytes.SequenceEqual((byte[])[(byte)'/', 0xff, (byte)'/', 0x1b]));

    [Fact]
    public void A_path_that_does_not_fit_is_cut_and_does_not_throw()
    {
        byte[] folder = new byte[KernelPath.MaxLength - 3];
        folder.AsSpan().Fill((byte)'x');
        KernelPath path = KernelPath.Child(new byte[KernelPath.MaxLength], folder, "memory.stat"u8);
        Assert.Equal(KernelPath.MaxLength, path.Bytes.Length);
        Assert.True(path.Bytes.EndsWith("x/me"u8));
    }
}
