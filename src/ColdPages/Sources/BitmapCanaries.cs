namespace ColdPages;

/// <summary>
/// Pages of this process that it never marks idle: one that is marked all the same was marked by somebody else, who thereby took the touches of whatever else was marked. Another that only reads the bitmap takes
/// nothing.
/// </summary>
internal sealed class BitmapCanaries(KernelFiles files, CostMeter cost) : IDisposable
{
    // A few, since they count as state. Fresh pages wait in a batch of 31 a CPU before they are on a list, where they can be marked: these come there when as many others have come.
    private const int Pages = 16;

    private readonly ulong[] _entries = new ulong[Pages];

    // Where each page is, and where it was when it was last left without a mark; 0 where it is not, or was not.
    private readonly long[] _frames = new long[Pages];
    private readonly long[] _unmarked = new long[Pages];
    private OwnMemory? _memory;

    /// <summary>Pages that were where they had been left without a mark, by the look of this pass that found the most with one.</summary>
    public int Watched { get; private set; }

    /// <summary>Of these, those that had one.</summary>
    public int Marked { get; private set; }

    public long StateBytes => _memory?.Length ?? 0;

    /// <summary>Looks at them before a pass looks at anything else.</summary>
    public void Begin(WordFile bitmap)
    {
        Watched = Marked = 0;
        Look(bitmap);
    }

    /// <summary>Looks at them; once more when a pass has looked at all else, as somebody may have marked them while it did.</summary>
    public void Look(WordFile bitmap)
    {
        if (!ReadEntries())
            return;
        int watched = 0;
        int marked = 0;
        bool hasForgotten = false;
        for (int page = 0; page < Pages; page++)
        {
            long frame = _frames[page] = PageMap.Frame(_entries[page]);
            bool? isMarked = IsMarked(bitmap, frame);
            if (isMarked is not null && frame == _unmarked[page])
            {
                watched++;
                marked += isMarked.Value ? 1 : 0;
            }

            // Touched it comes back from swap, and loses its mark by the next look.
            if (isMarked != false && (hasForgotten || _memory!.ForgetTranslations() == Errno.None))
            {
                hasForgotten = true;
                _memory!.Touch(page);
                isMarked = IsMarked(bitmap, frame);
            }

            _unmarked[page] = isMarked == false ? frame : 0;
        }

        if (marked > Marked || Watched == 0)
            (Watched, Marked) = (watched, marked);
    }

    /// <summary>Sets the bits of those that lie in a block.</summary>
    public void Spare(int block, Span<ulong> words)
    {
        long first = (long)block * IdleBitmap.BlockFrames;
        foreach (long frame in _frames)
        {
            long at = frame - first;
            if (frame != 0 && at is >= 0 and < IdleBitmap.BlockFrames)
                words[(int)(at / 64)] |= 1UL << (int)(at % 64);
        }
    }

    public void Dispose()
    {
        _memory?.Dispose();
        _memory = null;
        Array.Clear(_frames);
        Array.Clear(_unmarked);
    }

    // Null where nobody can tell.
    private bool? IsMarked(WordFile bitmap, long frame)
    {
        ulong word = 0;
        if (frame == 0)
            return null;
        IoResult read = bitmap.Read(frame / 64, new Span<ulong>(ref word));
        cost.ReadEntries(IdleBitmap.Name, 64);
        return read.Ok && read.Count > 0 ? (word >> (int)(frame % 64) & 1) != 0 : null;
    }

    private bool ReadEntries()
    {
        if (!files.HasOwnMemory || WordFile.Open(files, PageMap.Path, KernelFileAccess.Read, out WordFile pageMap) != Errno.None)
            return false;
        using (pageMap)
        {
            if (_memory is null && files.MapOwnMemory((long)Pages * files.PageSize, 0, out _memory) != Errno.None)
                return false;

            // Before a pass could mark them: it does not know yet where they are.
            for (int page = 0; _frames[0] == 0 && page < Pages; page++)
                _memory!.Touch(page);
            IoResult read = pageMap.Read((long)_memory!.Address / files.PageSize, _entries);
            return read.Ok && read.Count == Pages;
        }
    }
}
