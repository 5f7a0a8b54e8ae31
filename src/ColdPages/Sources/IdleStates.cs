using System.Numerics;
using System.Runtime.InteropServices;

namespace ColdPages;

/// <summary>
/// In which state the idle folios are, and on which node: asked of /proc/kpageflags, an answer a folio, and of /proc/kpagecount, an answer a page, when somebody wants to know, and kept until then by
/// owner and by the pass in which they were last seen touched.
/// </summary>
internal sealed class IdleStates(PageAges ages, OwnerTable owners, KernelFiles files, CostMeter cost)
{
    private const int MarkBits = 8;

    private readonly FolioQuestions _questions = new(files, cost);
    private readonly SharedPages _shared = new(cost);

    // Where the pages of an owner and a mark are counted; most have few marks of the 256.
    private readonly Dictionary<int, int> _rows = [];
    private readonly List<long> _pages = [];
    private NodeFrames _nodes = NodeFrames.Parse(default);
    private int _stride;
    private int _lastKey = -1;
    private int _lastRow;

    /// <summary>Frames that the kernel gave no answer for, and why.</summary>
    public long Unanswered => _questions.Unanswered;

    public Errno LastError => _questions.LastError;

    /// <summary>How often pages are mapped.</summary>
    public SharedPages Shared => _shared;

    public long StateBytes => FolioQuestions.StateBytes + SharedPages.StateBytes + ((long)_pages.Capacity * sizeof(long)) + (_rows.Count * 4L * sizeof(int));

    /// <summary>Asks about every idle folio.</summary>
    /// <param name="nodes">Which frames are of which node.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <param name="file">The file that could not be opened.</param>
    public Errno Ask(NodeFrames nodes, CancellationToken cancellationToken, out string file)
    {
        _rows.Clear();
        _pages.Clear();
        _lastKey = -1;
        _nodes = nodes;
        _stride = IdleDetailLayout.Stride(nodes.Nodes.Length);
        file = PageFlagsFile.Name;
        Errno error = WordFile.Open(files, PageFlagsFile.Path, KernelFileAccess.Read, out WordFile flags);
        if (error != Errno.None)
            return error;
        using (flags)
        {
            file = PageMappingsFile.Name;
            error = WordFile.Open(files, PageMappingsFile.Path, KernelFileAccess.Read, out WordFile mappings);
            if (error != Errno.None)
                return error;
            using WordFile closed = mappings;
            _questions.Begin(flags, owners: default);
            _shared.Begin(mappings);
            for (int i = 0; i < ages.Blocks; i++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (ages.Block(i) is { } block)
                    Ask(block, (long)i * IdleBitmap.BlockFrames);
            }
        }

        return Errno.None;
    }

    /// <summary>Adds the bytes of an owner, as <see cref="IdleDetailLayout"/> has them, by their age at a pass; what is of no age was perhaps touched, and is left out.</summary>
    public void AddTo(Owner owner, int pass, Span<long> values)
    {
        for (int mark = 0; mark < PassMark.Count; mark++)
        {
            if (!_rows.TryGetValue(Key(owner, (byte)mark), out int row) || owner.AgeAt(pass, (byte)mark) is not (> 0 and int age))
                continue;
            for (int i = 0; i < _stride; i++)
                values[(age * _stride) + i] += _pages[row + i] * files.PageSize;
        }
    }

    private static int Key(Owner owner, byte mark) => (owner.Index << MarkBits) | mark;

    private void Ask(FrameBlock block, long firstFrame)
    {
        for (int word = 0; word < IdleBitmap.BlockWords; word += FolioQuestions.PieceWords)
        {
            ReadOnlySpan<ulong> heads = block.Idle.Slice(word, FolioQuestions.PieceWords);
            if (!heads.ContainsAnyExcept(0UL))
                continue;
            _questions.AskFlags(firstFrame + (word * 64), heads);
            for (int i = 0; i < heads.Length; i++)
            {
                for (ulong bits = heads[i]; bits != 0; bits &= bits - 1)
                    Count(block, (word * 64) + (i * 64) + BitOperations.TrailingZeroCount(bits), word * 64, firstFrame);
            }
        }
    }

    private void Count(FrameBlock block, int frame, int piece, long firstFrame)
    {
        FolioIdentity identity = PageAges.Identity(block, frame, out byte mark);
        Span<long> row = Row(owners[identity.Owner], mark);
        int node = _nodes.IndexOf(firstFrame + frame);
        if (node >= 0)
            row[IdleDetailLayout.States + node] += identity.Pages;

        // One that lost its mark since was touched or freed, and what is there now may be another.
        PageFlags flags = _questions.Flags(frame - piece);
        if (!_questions.IsKnown(frame - piece) || !Has(flags, PageFlags.Idle))
        {
            row[IdleDetailLayout.Unknown] += identity.Pages;
            return;
        }

        if (identity.Kind == PageKind.File)
            row[Has(flags, PageFlags.Dirty) ? IdleDetailLayout.FileDirty : Has(flags, PageFlags.Writeback) ? IdleDetailLayout.FileWriteback : IdleDetailLayout.FileClean] += identity.Pages;
        if (identity.Kind != PageKind.Anon && Has(flags, PageFlags.Mapped))
            row[IdleDetailLayout.FileMapped] += identity.Pages;
        if (Has(flags, PageFlags.Unevictable))
            row[IdleDetailLayout.Unevictable] += identity.Pages;
        if (Has(flags, PageFlags.Mlocked))
            row[IdleDetailLayout.Mlocked] += identity.Pages;
        if (Has(flags, PageFlags.Mapped))
            row[IdleDetailLayout.Shared] += _shared.Count(firstFrame + frame, identity.Pages);
    }

    // Neighbours mostly have the same owner and mark.
    private Span<long> Row(Owner owner, byte mark)
    {
        int key = Key(owner, mark);
        if (key != _lastKey)
        {
            ref int row = ref CollectionsMarshal.GetValueRefOrAddDefault(_rows, key, out bool isThere);
            if (!isThere)
            {
                row = _pages.Count;
                CollectionsMarshal.SetCount(_pages, row + _stride);
                CollectionsMarshal.AsSpan(_pages)[row..].Clear();
            }

            _lastKey = key;
            _lastRow = row;
        }

        return CollectionsMarshal.AsSpan(_pages).Slice(_lastRow, _stride);
    }

    private static bool Has(PageFlags flags, PageFlags one) => (flags & one) != PageFlags.None;
}
