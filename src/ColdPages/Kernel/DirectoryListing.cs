namespace ColdPages;

/// <summary>The entries of one folder in two growing arrays that are used again for the next folder.</summary>
internal sealed class DirectoryListing
{
    private readonly List<Entry> _entries = [];
    private byte[] _names = new byte[4096];
    private int _nameBytes;

    private readonly record struct Entry(ulong Inode, bool IsDirectory, int NameStart, int NameLength);

    public int Count => _entries.Count;

    /// <summary>The folder's own inode, from its entry "."; 0 if there was none.</summary>
    public ulong OwnInode { get; private set; }

    public void Clear()
    {
        _entries.Clear();
        _nameBytes = 0;
        OwnInode = 0;
    }

    public void Add(ulong inode, bool isDirectory, ReadOnlySpan<byte> name)
    {
        if (name.SequenceEqual("."u8))
        {
            OwnInode = inode;
            return;
        }

        if (name.SequenceEqual(".."u8))
            return;
        while (_nameBytes + name.Length > _names.Length)
            Array.Resize(ref _names, _names.Length * 2);
        name.CopyTo(_names.AsSpan(_nameBytes));
        _entries.Add(new Entry(inode, isDirectory, _nameBytes, name.Length));
        _nameBytes += name.Length;
    }

    public ulong Inode(int index) => _entries[index].Inode;

    public bool IsDirectory(int index) => _entries[index].IsDirectory;

    public ReadOnlySpan<byte> Name(int index) => _names.AsSpan(_entries[index].NameStart, _entries[index].NameLength);

    public bool Contains(ReadOnlySpan<byte> name)
    {
        for (int i = 0; i < Count; i++)
        {
            if (Name(i).SequenceEqual(name))
                return true;
        }

        return false;
    }
}
