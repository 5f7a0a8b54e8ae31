namespace ColdPages.Tests;

public sealed class PromotionTallyTests
{
    private readonly FakeHost _host = new();
    private readonly MemcgTree _tree;
    private readonly OwnerTable _owners;
    private readonly PromotionTally _tally;
    private readonly MemcgLru _lru;

    public PromotionTallyTests()
    {
        _host.AddMemcg("/", inode: 10);
        _host.AddMemcg("/a", inode: 20);
        Faults(1000);
        _tree = Trees.Of(_host);
        Assert.Equal(Errno.None, _tree.Refresh());
        _owners = new OwnerTable(_tree);
        _tally = new PromotionTally(_owners);
        _lru = new MemcgLru(_host, _tree);
        _lru.Read();
        _lru.Read();
    }

    [Theory]
    [InlineData(0, 0, 1000 - 127)]
    [InlineData(300, 0, 1000 - 127 - 300)]
    [InlineData(300, 200, 1000 - 127 - 500)]
    [InlineData(5000, 0, 0)]
    public void As_many_as_may_have_come_anew_are_not_certain(int faults, int swappedIn, int certain)
    {
        Faults(1000 + faults);
        Add(1000, PageKind.Anon, age: 3);
        Settle(swappedIn);
        Assert.Equal((certain, 1000L), Promotions(20, 3));
    }

    [Theory]
    [InlineData(PageKind.File)]
    [InlineData(PageKind.Shmem)]
    public void What_can_come_without_a_fault_is_never_certain(PageKind kind)
    {
        Add(1000, kind, age: 3);
        Settle(0);
        Assert.Equal((0L, 1000L), Promotions(20, 3));
    }

    [Fact]
    public void Nothing_is_certain_where_arrivals_are_not_known()
    {
        Add(1000, PageKind.Anon, age: 3);
        Settle(null);
        Add(1000, PageKind.Anon, age: 4, inode: 77);
        _host.Delete("/sys/fs/cgroup/a/memory.stat");
        Add(1000, PageKind.Anon, age: 5);
        Settle(0);
        Assert.Equal((0L, 1000L), Promotions(20, 3));
        Assert.Equal((0L, 1000L), Promotions(77, 4));
        Assert.Equal((0L, 1000L), Promotions(20, 5));
    }

    [Fact]
    public void What_may_have_been_freed_is_not_certain_and_takes_nothing_from_the_rest()
    {
        Add(1000, PageKind.Anon, age: 3);
        Add(50, PageKind.Anon, age: 3, isSame: false);
        Settle(0);
        Assert.Equal((1000L - 127, 1050L), Promotions(20, 3));
    }

    [Fact]
    public void Folios_count_all_their_pages()
    {
        for (int i = 0; i < 200; i++)
            _tally.Add(new FolioIdentity(_owners.Find(20).Index, PageKind.Anon, 4), 3, isSame: true);
        Settle(0);
        Assert.Equal(((200L - 127) * 16, 200L * 16), Promotions(20, 3));
    }

    [Fact]
    public void Passes_add_up_and_each_counts_once()
    {
        for (int pass = 0; pass < 3; pass++)
        {
            _tally.Begin();
            Add(200, PageKind.Anon, age: 3);
            Settle(0);
        }

        _tally.Begin();
        Settle(0);
        Assert.Equal((3L * (200 - 127), 600L), Promotions(20, 3));
    }

    [Fact]
    public void What_a_pass_found_that_did_not_end_is_possible()
    {
        Add(200, PageKind.Anon, age: 3);
        _tally.Begin();
        Assert.Equal((0L, 200L), Promotions(20, 3));
        Settle(0);
        Assert.Equal((0L, 200L), Promotions(20, 3));
    }

    [Theory]
    [InlineData(0L, 100)]
    [InlineData(30L, 130)]
    [InlineData(5000L, 150)]
    [InlineData(null, 150)]
    public void What_is_gone_may_have_been_touched_and_moved_as_far_as_so_many_were_moved(long? moved, int possible)
    {
        Add(100, PageKind.File, age: 3);
        for (int i = 0; i < 50; i++)
            _tally.AddGone(new FolioIdentity(_owners.Find(20).Index, PageKind.File, 0), 3);
        Settle(0, moved);
        Assert.Equal((0L, (long)possible), Promotions(20, 3));
    }

    [Fact]
    public void What_is_gone_where_nothing_was_moved_was_given_up()
    {
        _tally.AddGone(new FolioIdentity(_owners.Find(20).Index, PageKind.Anon, 0), 3);
        Settle(0);
        Assert.Null(_owners.Find(20).Promotions);
    }

    private void Add(int folios, PageKind kind, int age, ulong inode = 20, bool isSame = true)
    {
        for (int i = 0; i < folios; i++)
            _tally.Add(new FolioIdentity(_owners.Find(inode).Index, kind, 0), age, isSame);
    }

    private void Settle(long? swappedIn, long? moved = 0)
    {
        _lru.Read();
        _tally.Settle(_lru, swappedIn, moved);
    }

    private (long, long) Promotions(ulong inode, int age) => (_owners.Find(inode).Promotions!.AtLeast[age], _owners.Find(inode).Promotions!.AtMost[age]);

    private void Faults(long count)
    {
        _host.Write("/sys/fs/cgroup/memory.stat", $"file 0\npgfault {count}\n");
        _host.Write("/sys/fs/cgroup/a/memory.stat", $"file 0\npgfault {count}\n");
    }
}
