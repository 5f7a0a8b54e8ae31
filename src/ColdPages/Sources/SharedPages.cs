namespace ColdPages;

/// <summary>Counts pages that are mapped more than once. Asked for in the order of their frames, it reads each piece of /proc/kpagecount once.</summary>
internal sealed class SharedPages(CostMeter cost)
{
    private const int PieceFrames = 4096;

    private readonly ulong[] _mappings = new ulong[PieceFrames];
    private WordFile _file;
    private long _first;
    private int _count;

    public static int StateBytes => PieceFrames * sizeof(ulong);

    /// <summary>Pages that the kernel gave no answer for, and why.</summary>
    public long Unanswered { get; private set; }

    public Errno LastError { get; private set; }

    /// <summary>Begins with a file that its caller closes.</summary>
    public void Begin(WordFile file)
    {
        _file = file;
        _count = 0;
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
            IoResult read = _file.Read(frame, _mappings);
            cost.ReadEntries(PageMappingsFile.Name, read.Count);
            (_first, _count) = (frame, read.Count);
            if (!read.Ok)
                LastError = read.Error;
        }

        return _mappings.AsSpan((int)(frame - _first), _count - (int)(frame - _first));
    }
}
