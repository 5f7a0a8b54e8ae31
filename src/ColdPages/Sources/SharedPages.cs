namespace ColdPages;

/// <summary>Counts pages that are mapped more than once. Asked for in the order of their frames, it reads no entry of /proc/kpagecount twice.</summary>
internal sealed class SharedPages(CostMeter cost)
{
    private const int MaxFrames = 4096;

    // A read of its own costs as much as some twenty entries (FolioQuestions has the figures): where idle pages lie far apart little is read in vain, and where they lie close reads double.
    private const int MinFrames = 64;

    private readonly ulong[] _mappings = new ulong[MaxFrames];
    private WordFile _file;
    private long _first;
    private int _count;
    private int _asked;

    public static int StateBytes => MaxFrames * sizeof(ulong);

    /// <summary>Pages that the kernel gave no answer for, and why.</summary>
    public long Unanswered { get; private set; }

    public Errno LastError { get; private set; }

    /// <summary>Begins with a file that its caller closes.</summary>
    public void Begin(WordFile file)
    {
        _file = file;
        (_count, _asked) = (0, MinFrames);
        Unanswered = 0;
        LastError = Errno.None;
    }

    /// <summary>How many of a folio's pages are mapped more than once.</summary>
    public int Count(long frame, int pages)
    {
        int shared = 0;
        for (int done = 0; done < pages;)
        {
            ReadOnlySpan<ulong> mappings = From(frame + done);
            if (mappings.IsEmpty)
            {
                Unanswered += pages - done;
                break;
            }

            mappings = mappings[..Math.Min(mappings.Length, pages - done)];
            foreach (ulong count in mappings)
                shared += count > 1 ? 1 : 0;
            done += mappings.Length;
        }

        return shared;
    }

    private ReadOnlySpan<ulong> From(long frame)
    {
        if (frame < _first || frame >= _first + _count)
        {
            bool goesOn = frame - (_first + _count) is >= 0 and < MinFrames;
            _asked = goesOn ? Math.Min(_asked * 2, MaxFrames) : MinFrames;
            IoResult read = _file.Read(frame, _mappings.AsSpan(0, _asked));
            cost.ReadEntries(PageMappingsFile.Name, read.Count);
            (_first, _count) = (frame, read.Count);
            if (!read.Ok)
                LastError = read.Error;
        }

        return _mappings.AsSpan((int)(frame - _first), _count - (int)(frame - _first));
    }
}
