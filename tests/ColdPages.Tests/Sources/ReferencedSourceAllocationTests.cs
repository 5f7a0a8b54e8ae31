using Microsoft.Extensions.Time.Testing;

namespace ColdPages.Tests;

public sealed class ReferencedSourceAllocationTests : IDisposable
{
    private readonly RawFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_steady_pass_allocates_nothing()
    {
        _folder.Write("/proc/1/mountinfo", "30 23 0:26 / /cg rw - cgroup cgroup rw,memory\n32 1 0:50 / / rw - overlay overlay rw\n");
        _folder.Write("/proc/vmstat", "pgscan_kswapd 0\n");
        _folder.MakeFolder("/cg/a/b");
        for (int pid = 1; pid <= 20; pid++)
        {
            FakeProcess process = new(pid, pid % 2 == 0 ? "/a" : "/a/b", v2: false);
            process.Mappings.AddRange([Mappings.Anon(100), Mappings.OfDevice(20, "00:32", "/bin/x"), Mappings.OfDevice(20, "00:01", "/memfd:x")]);
            foreach (string file in (string[])["stat", "cgroup", "smaps", "clear_refs"])
                _folder.Write($"/proc/{pid}/{file}", System.Text.Encoding.Latin1.GetString(process.File(file)!));
        }

        LinuxFiles files = new(_folder.Path);
        MemcgTree tree = Trees.Of(files);
        PassClock clock = new(new FakeTimeProvider { AutoAdvanceAmount = TimeSpan.FromSeconds(1) });
        ReferencedSource source = new(files, tree, new SourceOptions(null, [3], TimeSpan.FromSeconds(2), TimeProvider.System, ReferencedWindow: 2));
        long least = long.MaxValue;
        for (int pass = 0; pass < 10; pass++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            clock.Begin();
            Errno error = tree.Refresh();
            Problem? problem = source.Pass(clock, CancellationToken.None);
            clock.End();

            // Other tests share the pools of buffers: a pass that found one empty says nothing.
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
            Assert.Equal(Errno.None, error);
            Assert.Null(problem);
        }

        Assert.Equal(0, least);
        Assert.Equal(20 * 140 * Mappings.KiB, tree.InOrder.Sum(memcg => Sum(source, memcg)));
    }

    private static long Sum(ReferencedSource source, Memcg memcg)
    {
        long sum = 0;
        long[] values = new long[source.Bins * BinLayout.Stride];
        source.CopyAges(memcg, values);
        for (int i = 0; i < values.Length; i++)
            sum += i % BinLayout.Stride == BinLayout.Excess ? 0 : values[i];
        return sum;
    }
}
