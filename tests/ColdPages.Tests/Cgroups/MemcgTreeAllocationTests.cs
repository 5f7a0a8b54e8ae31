namespace ColdPages.Tests;

public sealed class MemcgTreeAllocationTests : IDisposable
{
    private readonly RawFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_walk_that_finds_no_change_allocates_nothing()
    {
        _folder.Write("/proc/1/mountinfo", "30 23 0:26 / /cg rw - cgroup cgroup rw,memory\n");
        for (int i = 0; i < 40; i++)
            _folder.MakeFolder($"/cg/pod-{i}/container-{i % 3}");
        MemcgTree tree = Trees.Of(new LinuxFiles(_folder.Path));
        for (int i = 0; i < 3; i++)
            Assert.Equal(Errno.None, tree.Refresh());
        Assert.Equal(81, tree.InOrder.Count);

        long before = GC.GetAllocatedBytesForCurrentThread();
        Errno error = tree.Refresh();
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.Equal(Errno.None, error);
        Assert.Equal(0, allocated);
        Assert.Equal((0, 0), (tree.Births, tree.Deaths));
    }
}
