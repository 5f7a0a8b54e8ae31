namespace ColdPages.Tests;

public sealed class ProcessListTests
{
    [Fact]
    public void Only_entries_that_are_numbers_are_processes()
    {
        FakeHost host = new();
        host.AddProcess(12, "/");
        host.AddProcess(4194304, "/");
        host.MakeFolder("/proc/12x");
        List<int> pids = [99];
        Assert.Equal(Errno.None, ProcessList.Read(host, new DirectoryListing(), pids));
        Assert.Equal([12, 4194304], pids.Order());
    }

    [Fact]
    public void A_folder_that_cannot_be_listed_gives_its_errno_and_no_process()
    {
        FakeHost host = new() { OnList = static _ => Errno.EACCES };
        host.AddProcess(12, "/");
        List<int> pids = [99];
        Assert.Equal(Errno.EACCES, ProcessList.Read(host, new DirectoryListing(), pids));
        Assert.Empty(pids);
    }
}
