using FsCheck.Xunit;

namespace ColdPages.Tests;

[Collection(Alone.Name)]
public sealed class SnapshotTests
{
    [Fact]
    public void Ten_thousand_memcgs_take_at_most_8_MiB()
    {
        // Names as Kubernetes gives them, 30 numbers in each histogram; the names too are counted as if nobody shared them.
        const int Bins = 40;
        TimeSpan[] edges = [.. Enumerable.Range(0, Bins).Select(i => TimeSpan.FromMinutes(2 * i))];
        long[] values = new long[Bins * BinLayout.Stride];
        for (int i = 0; i < 30; i++)
            values[(i * BinLayout.Stride) + (i % BinLayout.Kinds)] = (i + 1) * 4096;
        long before = GC.GetTotalMemory(forceFullCollection: true);
        ColdPageSnapshot snapshot = Make();
        long bytes = GC.GetTotalMemory(forceFullCollection: true) - before;
        Assert.Equal(10_000, snapshot.Memcgs.Count);
        Assert.Equal(10_000L * 30 * 31 / 2 * 4096, snapshot["/"].TrackedBytes());
        Assert.InRange(bytes, 3L << 20, 8L << 20);

        ColdPageSnapshot Make()
        {
            SnapshotData data = new(edges);
            int root = data.Add("/", -1, 1, Memory(1), values);
            int pods = data.Add(new string("kubepods.slice"), root, 2, Memory(2), values);
            int pod = 0;
            for (int i = 2; i < 10_000; i++)
            {
                if (i % 4 == 2)
                    pod = data.Add($"kubepods-burstable-pod{i:d8}_1a2b_3c4d_5e6f_708192a3b4c5.slice", pods, (ulong)i, Memory(i), values);
                else
                    data.Add($"cri-containerd-{i:x16}.scope", pod, (ulong)i, Memory(i), values);
            }

            data.Trim();
            return SnapshotFactory.Make(data, new Random(1));
        }

        static MemcgMemory Memory(int i) => new() { CurrentBytes = i, LocalBytes = i, AnonBytes = i, FileBytes = i, HighBytes = i };
    }

    [Property(MaxTest = 300)]
    public void A_subtree_sums_to_its_memcgs_own_bytes(int seed)
    {
        ColdPageSnapshot snapshot = SnapshotFactory.Random(seed);
        foreach (MemcgAges memcg in snapshot.Memcgs)
        {
            Assert.Equal(memcg.TrackedBytes(), memcg.Subtree().Sum(below => below.TrackedBytes(MemcgScope.Local)));
            Assert.Equal(memcg.Promotions().Total.AtMost, memcg.Subtree().Sum(below => below.Promotions(MemcgScope.Local).Total.AtMost));
            Assert.Equal(memcg.Promotions().Total.AtLeast, memcg.Subtree().Sum(below => below.Promotions(MemcgScope.Local).Total.AtLeast));
            Assert.Equal(memcg, snapshot[memcg.Path]);
            Assert.All(memcg.Subtree(), below => Assert.StartsWith(memcg.Path, below.Path, StringComparison.Ordinal));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("/")]
    [InlineData("//")]
    [InlineData("a")]
    [InlineData("/a/")]
    [InlineData("/ab")]
    [InlineData("/a/b/c")]
    public void A_path_finds_its_memcg_and_no_other(string path)
    {
        SnapshotData data = new([TimeSpan.Zero]);
        int root = data.Add("/", -1, 1, default, [1, 0, 0, 0]);
        int a = data.Add("a", root, 2, default, [1, 0, 0, 0]);
        data.Add("b", a, 3, default, [1, 0, 0, 0]);
        Assert.Equal(path == "/" ? root : -1, data.Find(path));
        Assert.Equal(a, data.Find("/a"));
        Assert.Equal(2, data.Find("/a/b"));
    }

    [Fact]
    public void The_coldest_have_the_most_in_the_open_bin_and_stay_in_tree_order()
    {
        SnapshotData data = new([TimeSpan.Zero, TimeSpan.FromSeconds(2)]);
        int root = data.Add("/", -1, 1, default, [0, 0, 0, 0, 0, 0, 0, 0]);
        data.Add("a", root, 2, default, [900, 0, 0, 0, 1, 2, 3, 0]);
        data.Add("b", root, 3, default, [0, 0, 0, 0, 0, 0, 5, 0]);
        data.Add("c", root, 4, default, [0, 0, 0, 0, 0, 9, 0, 0]);
        data.Add("d", root, 5, default, [99, 0, 0, 0, 0, 0, 0, 99]);
        ColdPageSnapshot snapshot = SnapshotFactory.Make(data, new Random(1));
        Assert.Equal(["/a", "/c"], snapshot.Coldest(2, MemcgScope.Local).Select(memcg => memcg.Path));
        Assert.Equal(["/", "/c"], snapshot.Coldest(2).Select(memcg => memcg.Path));
        Assert.Empty(snapshot.Coldest(0));
    }
}
