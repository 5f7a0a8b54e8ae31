using System.Text;

namespace ColdPages.Tests;

public sealed class DirectoryListingTests
{
    [Fact]
    public void Entries_are_kept_in_order_with_inode_and_type()
    {
        DirectoryListing listing = new();
        listing.Add(7, true, "a"u8);
        listing.Add(8, false, "memory.current"u8);
        Assert.Equal(2, listing.Count);
        Assert.Equal((7UL, true), (listing.Inode(0), listing.IsDirectory(0)));
        Assert.Equal((8UL, false), (listing.Inode(1), listing.IsDirectory(1)));
        Assert.True(listing.Name(0).SequenceEqual("a"u8));
        Assert.True(listing.Name(1).SequenceEqual("memory.current"u8));
    }

    [Fact]
    public void Its_own_entry_gives_the_inode_and_its_parent_is_left_out()
    {
        DirectoryListing listing = new();
        listing.Add(5, true, "."u8);
        listing.Add(1, true, ".."u8);
        listing.Add(9, true, "..."u8);
        Assert.Equal(5UL, listing.OwnInode);
        Assert.Equal(1, listing.Count);
        Assert.True(listing.Name(0).SequenceEqual("..."u8));
    }

    [Fact]
    public void Clearing_forgets_entries_and_own_inode()
    {
        DirectoryListing listing = new();
        listing.Add(5, true, "."u8);
        listing.Add(7, true, "a"u8);
        listing.Clear();
        Assert.Equal(0, listing.Count);
        Assert.Equal(0UL, listing.OwnInode);
        Assert.False(listing.Contains("a"u8));
    }

    [Fact]
    public void Names_beyond_the_first_buffer_are_kept_whole()
    {
        DirectoryListing listing = new();
        for (int i = 0; i < 1000; i++)
            listing.Add((ulong)i, true, Encoding.ASCII.GetBytes($"name-{i}-{new string('x', i % 255)}"));
        for (int i = 0; i < 1000; i++)
            Assert.Equal($"name-{i}-{new string('x', i % 255)}", Encoding.ASCII.GetString(listing.Name(i)));
    }

    [Fact]
    public void Only_a_whole_name_is_contained()
    {
        DirectoryListing listing = new();
        listing.Add(1, false, "memory.current"u8);
        Assert.True(listing.Contains("memory.current"u8));
        Assert.False(listing.Contains("memory.curren"u8));
        Assert.False(listing.Contains("memory.current2"u8));
    }
}
