namespace ColdPages.Simulation;

/// <content>Which frames are memory at all: mm/memory_hotplug.c.</content>
internal sealed partial class PhysicalMemory
{
    /// <summary>Frames of a memory section, the unit that is put online and offline.</summary>
    public int FramesPerSection { get; }

    /// <summary>Where the files of /proc that have an entry a frame end: they show whole sections, the bitmap ends with the last frame.</summary>
    public long EndOfPageMap => ((long)Frames.MaxPfn + FramesPerSection - 1) / FramesPerSection * FramesPerSection;

    /// <summary>Frames that are not memory from now on, such as those of a device; they must be free.</summary>
    public void MakeHole(int first, int count) => Withdraw(first, count, FrameState.Hole);

    /// <summary>Takes a memory section offline; its frames must be free, so migrate what is there first.</summary>
    public void Offline(int section) => Withdraw(section * FramesPerSection, FramesIn(section), FrameState.Offline);

    /// <summary>Puts a memory section that is offline online.</summary>
    public void Online(int section)
    {
        int first = section * FramesPerSection;
        int count = FramesIn(section);
        for (int frame = first; frame < first + count; frame++)
        {
            if (Frames.StateOf(frame) != FrameState.Offline)
                throw new InvalidOperationException($"Section {section} is not offline.");
        }

        Frames.SetState(first, count, FrameState.Buddy);
        TotalFrames += count;
    }

    /// <summary>Adds sections behind the last one, offline yet. The last frame moves on, first to the end of a section that was begun.</summary>
    public void HotAdd(int sections)
    {
        int filling = (int)(EndOfPageMap - Frames.MaxPfn);
        if (filling > 0)
            Frames.Grow(filling);
        int first = Frames.MaxPfn - filling;
        if (filling > 0)
            Frames.SetState(first, filling, FrameState.Hole);
        Frames.Grow(sections * FramesPerSection);
    }

    private int FramesIn(int section)
    {
        int first = section * FramesPerSection;
        ArgumentOutOfRangeException.ThrowIfNegative(section);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(first, Frames.MaxPfn, nameof(section));
        return Math.Min(FramesPerSection, Frames.MaxPfn - first);
    }

    private void Withdraw(int first, int count, FrameState state)
    {
        if (!Frames.IsFree(first, count))
            throw new InvalidOperationException($"The frames {first} to {first + count - 1} are not all free.");
        Frames.SetState(first, count, state);
        TotalFrames -= count;
    }
}
