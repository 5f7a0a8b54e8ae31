namespace ColdPages.Tests;

/// <summary>Owners follow the cgroup tree as the kernel's charges do.</summary>
public sealed class OwnerTableTests
{
    private readonly FakeHost _host = new();
    private readonly MemcgTree _tree;
    private readonly OwnerTable _owners;

    public OwnerTableTests()
    {
        _host.AddMemcg("/", inode: 10);
        _host.AddMemcg("/a", inode: 20);
        _host.AddMemcg("/a/b", inode: 30);
        _host.AddMemcg("/a/b/c", inode: 40);
        _tree = Trees.Of(_host);
        _owners = new OwnerTable(_tree);
        Reconcile();
    }

    [Fact]
    public void An_owner_is_found_by_inode_and_known_by_a_number()
    {
        Owner b = _owners.Find(30);
        Assert.Same(b, _owners.Find(30));
        Assert.Same(b, _owners[b.Index]);
        Assert.Same(b, _owners.Of(_tree.Find("/a/b")!));
        Assert.Null(_owners.Of(_tree.Find("/a")!));
        Assert.Equal("/a/b", System.Text.Encoding.ASCII.GetString(b.Memcg!.Path));
        Assert.Equal([0UL, 30UL], _owners.All.Select(owner => owner.Inode));
    }

    [Fact]
    public void What_is_charged_to_nobody_is_nobodys_for_good()
    {
        Own(0, 5);
        Reconcile();
        Assert.Null(_owners.Find(0).Memcg);
        Assert.Equal(5, _owners.Find(0).TotalPages);
    }

    [Fact]
    public void The_pages_of_a_removed_memcg_are_those_of_the_one_above_it()
    {
        int number = Own(30, 5);
        _host.RemoveMemcg("/a/b");
        Reconcile();
        Assert.Equal((20UL, 5L), (_owners[number].Inode, _owners[number].TotalPages));
        Assert.Same(_owners.Find(20), _owners.Of(_tree.Find("/a")!));
    }

    [Fact]
    public void When_all_of_a_branch_is_removed_the_nearest_that_is_left_has_the_pages()
    {
        int[] numbers = [Own(40, 1), Own(30, 2), Own(20, 4)];
        _host.RemoveMemcg("/a");
        Reconcile();
        Assert.All(numbers, number => Assert.Equal((10UL, 7L), (_owners[number].Inode, _owners[number].TotalPages)));
    }

    [Fact]
    public void One_removed_after_the_other_passes_on_what_it_inherited()
    {
        int number = Own(40, 1);
        foreach (string path in (string[])["/a/b/c", "/a/b", "/a"])
        {
            _host.RemoveMemcg(path);
            Reconcile();
        }

        Assert.Equal((10UL, 1L), (_owners[number].Inode, _owners[number].TotalPages));
    }

    [Theory]
    [InlineData("/other")]
    [InlineData("/a/b/other")]
    public void An_inode_that_is_used_again_is_another_owner(string path)
    {
        int number = Own(40, 3);
        _host.RemoveMemcg("/a/b/c");
        _host.AddMemcg(path, inode: 40);
        Reconcile();
        Owner other = _owners.Find(40);
        Assert.Equal((30UL, 3L), (_owners[number].Inode, _owners[number].TotalPages));
        Assert.Equal((0L, path), (other.TotalPages, System.Text.Encoding.ASCII.GetString(other.Memcg!.Path)));
        Assert.Same(other, _owners.Of(_tree.Find(path)!));
    }

    [Fact]
    public void A_memcg_without_the_controller_is_none_and_becomes_one_again()
    {
        int number = Own(30, 3);
        _host.Delete("/sys/fs/cgroup/a/b/memory.current");
        Reconcile();
        Assert.Equal((20UL, 3L), (_owners[number].Inode, _owners[number].TotalPages));
        Assert.Null(_owners.Of(_tree.Find("/a/b")!));

        _host.AddMemcg("/a/b");
        Reconcile();
        Assert.NotNull(_owners.Find(30).Memcg);
        Assert.Equal((0L, 3L), (_owners.Find(30).TotalPages, _owners.Find(20).TotalPages));
    }

    [Fact]
    public void An_inode_that_nobody_knows_yet_is_known_when_its_folder_is_found()
    {
        int number = Own(77, 3);
        Assert.Null(_owners[number].Memcg);
        Reconcile();
        Assert.Equal((77UL, 3L), (_owners[number].Inode, _owners[number].TotalPages));
        _host.AddMemcg("/late", inode: 77);
        Reconcile();
        Assert.Same(_tree.Find("/late"), _owners[number].Memcg);
        Assert.Equal(3, _owners.Of(_tree.Find("/late")!)!.TotalPages);
    }

    [Fact]
    public void An_inode_that_never_becomes_known_is_forgotten_with_its_last_page()
    {
        int number = Own(77, 3);
        Reconcile();
        _owners[number].Add(PageKind.Anon, 1, -3);
        Reconcile();
        Assert.Equal(0UL, _owners[number].Inode);
        Assert.NotEqual(number, _owners.Find(77).Index);
    }

    [Fact]
    public void A_root_that_is_another_one_leaves_no_owner_of_what_was_before()
    {
        int number = Own(30, 3);
        _host.Delete("/sys/fs/cgroup");
        _host.AddMemcg("/", inode: 500);
        Reconcile();
        Assert.Equal((0UL, 3L), (_owners[number].Inode, _owners[number].TotalPages));
        Assert.Null(_owners.Find(500).Heir);
    }

    [Fact]
    public void Removal_takes_promotions_along()
    {
        _owners[Own(40, 1)].MakePromotions().Add(3, 1, 2);
        _host.RemoveMemcg("/a/b/c");
        Reconcile();
        Assert.Equal((1L, 2L), (_owners.Find(30).Promotions!.AtLeast[3], _owners.Find(30).Promotions!.AtMost[3]));
    }

    [Fact]
    public void Numbers_given_anew_lead_every_page_to_its_owner()
    {
        // Many come and go, some of them below each other.
        Dictionary<int, ulong> heirs = [];
        for (int i = 0; i < 100; i++)
        {
            ulong inode = 1000 + (ulong)i;
            _host.AddMemcg($"/a/x{i}", inode: inode);
            _tree.Refresh();
            heirs.Add(Own(inode, 1), i % 10 == 0 ? inode : 20);
        }

        Assert.False(_owners.IsSparse);
        for (int i = 0; i < 100; i++)
        {
            if (i % 10 != 0)
                _host.RemoveMemcg($"/a/x{i}");
        }

        Reconcile();
        Assert.True(_owners.IsSparse);
        int before = _owners.All.Count;
        int[] numbers = _owners.Renumber();
        Assert.False(_owners.IsSparse);
        Assert.Equal(before, numbers.Length);
        Assert.Equal(before - 90, _owners.All.Count);
        Assert.All(heirs, pair => Assert.Equal(pair.Value, _owners[numbers[pair.Key]].Inode));
        Assert.Equal(90, _owners.Find(20).TotalPages);
        Assert.Equal(Enumerable.Range(0, _owners.All.Count), _owners.All.Select(owner => owner.Index));

        // And from there on.
        Assert.Equal(before - 90, _owners.Find(5555).Index);
        Assert.Same(_owners.Find(1010), _owners[_owners.Find(1010).Index]);
    }

    private int Own(ulong inode, int pages)
    {
        Owner owner = _owners.Find(inode);
        owner.Add(PageKind.Anon, 1, pages);
        return owner.Index;
    }

    private void Reconcile()
    {
        Assert.Equal(Errno.None, _tree.Refresh());
        _owners.Reconcile();
    }
}
