namespace ColdPages;

/// <summary>
/// The age of every idle page of the host: which folios are tracked, whose they are, and in which pass each was last seen touched; with the sums
/// by owner kept in step. Knows nothing of where the evidence comes from.
/// </summary>
internal sealed class PageAges(OwnerTable owners)
{
    /// <summary>How many groups and blocks that are no longer needed are kept for others.</summary>
    private const int MaxSpareGroups = 64;
    private const int MaxSpareBlocks = 4;

    private readonly List<FrameBlock?> _blocks = [];
    private readonly Stack<FrameGroup> _spareGroups = [];
    private readonly Stack<FrameBlock> _spareBlocks = [];
    private readonly long[] _pagesByMark = new long[PassMark.Count];

    /// <summary>One more than the last block that has something.</summary>
    public int Blocks => _blocks.Count;

    /// <summary>Idle pages.</summary>
    public TrackedPages Pages { get; private set; }

    /// <summary>Bytes of all this, the owners' included.</summary>
    public long StateBytes
    {
        get
        {
            long bytes = owners.StateBytes + (_blocks.Count * (long)IntPtr.Size) + (_pagesByMark.Length * sizeof(long));
            foreach (FrameGroup group in _spareGroups)
                bytes += group.StateBytes;
            foreach (FrameBlock block in _spareBlocks)
                bytes += block.StateBytes;
            foreach (FrameBlock? block in _blocks)
            {
                if (block is null)
                    continue;
                bytes += block.StateBytes;
                foreach (FrameGroup? group in block.Groups)
                    bytes += group?.StateBytes ?? 0;
            }

            return bytes;
        }
    }

    /// <summary>A block that has tracked folios; null where none are.</summary>
    public FrameBlock? Block(int block) => block < _blocks.Count ? _blocks[block] : null;

    /// <summary>A block to add folios to; <see cref="Release"/> it when none were.</summary>
    public FrameBlock MakeBlock(int block)
    {
        while (_blocks.Count <= block)
            _blocks.Add(null);
        return _blocks[block] ??= _spareBlocks.TryPop(out FrameBlock? spare) ? spare : new FrameBlock();
    }

    /// <summary>Gives a block up if nothing in it is tracked.</summary>
    public void Release(int block)
    {
        if (Block(block) is not { Tracked: 0 } empty)
            return;
        _blocks[block] = null;
        if (_spareBlocks.Count < MaxSpareBlocks)
            _spareBlocks.Push(empty);
    }

    /// <summary>
    /// Tracks folios whose first pages are in a row, all of one identity: one, or several of one page each. What large ones cover is for the caller to tell the block. False
    /// where a group already knows too many others; then they are not tracked, and count as touched.
    /// </summary>
    public bool TryAdd(FrameBlock block, int frame, int folios, FolioIdentity identity, byte mark)
    {
        int end = frame + folios;
        for (int at = frame; at < end;)
        {
            int index = at / FrameGroup.Frames;
            int inGroup = at % FrameGroup.Frames;
            int count = Math.Min(FrameGroup.Frames - inGroup, end - at);
            FrameGroup group = block.Groups[index] ??= _spareGroups.TryPop(out FrameGroup? spare) ? spare : new FrameGroup();
            if (!group.TryPlace(identity, block.IdleOf(index), out byte place))
                return false;
            group.Marks.Slice(inGroup, count).Fill(mark);
            group.SetPlace(inGroup, count, place);
            group.Tracked += count;
            block.Tracked += count;
            for (int i = at; i < at + count; i++)
                block.Idle[i >> 6] |= 1UL << (i & 63);
            Count(identity, mark, count);
            at += count;
        }

        return true;
    }

    /// <summary>What is known of a tracked folio, by its first frame.</summary>
    public static FolioIdentity Identity(FrameBlock block, int frame, out byte mark)
    {
        FrameGroup group = block.Groups[frame / FrameGroup.Frames]!;
        mark = group.Marks[frame % FrameGroup.Frames];
        return group.Identity(frame % FrameGroup.Frames);
    }

    /// <summary>Stops tracking a folio.</summary>
    public void Remove(FrameBlock block, int frame)
    {
        FolioIdentity identity = Identity(block, frame, out byte mark);
        Count(identity, mark, -1);
        block.Idle[frame >> 6] &= ~(1UL << (frame & 63));
        if (identity.Order > 0)
            block.Uncover(frame, identity.Pages);
        block.Tracked--;
        ref FrameGroup? group = ref block.Groups[frame / FrameGroup.Frames];
        if (--group!.Tracked > 0)
            return;
        group.Clear();
        if (_spareGroups.Count < MaxSpareGroups)
            _spareGroups.Push(group);
        group = null;
    }

    /// <summary>Forgets a whole block.</summary>
    public void Forget(int block)
    {
        if (Block(block) is not { } forgotten)
            return;
        for (int word = 0; word < forgotten.Idle.Length; word++)
        {
            for (ulong bits = forgotten.Idle[word]; bits != 0; bits &= bits - 1)
                Remove(forgotten, (word * 64) + System.Numerics.BitOperations.TrailingZeroCount(bits));
        }

        Release(block);
    }

    /// <summary>Forgets all blocks from one on.</summary>
    public void ForgetFrom(int block)
    {
        for (int i = _blocks.Count - 1; i >= block; i--)
        {
            Forget(i);
            _blocks.RemoveAt(i);
        }
    }

    /// <summary>Frees a mark for the pass to come: pages that have it were last seen touched longer ago than ages are told.</summary>
    public void Retire(byte mark)
    {
        // By index: the enumerator of a list behind an interface is an object.
        for (int i = 0; i < owners.All.Count; i++)
            owners.All[i].Release(mark);
        if (_pagesByMark[mark] == 0)
            return;
        foreach (FrameBlock? block in _blocks)
        {
            if (block is null)
                continue;
            foreach (FrameGroup? group in block.Groups)
                group?.Marks.Replace(mark, PassMark.LongAgo);
        }

        for (int i = 0; i < owners.All.Count; i++)
            owners.All[i].Retire(mark);
        _pagesByMark[PassMark.LongAgo] += _pagesByMark[mark];
        _pagesByMark[mark] = 0;
    }

    /// <summary>Gives owners new numbers when many of them are gone.</summary>
    public void TidyOwners()
    {
        if (!owners.IsSparse)
            return;
        int[] numbers = owners.Renumber();
        foreach (FrameBlock? block in _blocks)
        {
            if (block is null)
                continue;
            foreach (FrameGroup? group in block.Groups)
                group?.Renumber(numbers);
        }
    }

    private void Count(FolioIdentity identity, byte mark, int folios)
    {
        int pages = folios * identity.Pages;
        owners[identity.Owner].Add(identity.Kind, mark, pages);
        _pagesByMark[mark] += pages;
        int large = identity.Order > 0 ? pages : 0;
        Pages += identity.Kind == PageKind.Anon ? new TrackedPages(pages, large, 0, 0) : new TrackedPages(pages, large, pages, large);
    }
}
