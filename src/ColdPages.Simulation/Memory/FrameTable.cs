using System.Numerics;
using System.Runtime.InteropServices;

namespace ColdPages.Simulation;

/// <summary>Which frame is free and which folio has it: arrays by frame number.</summary>
internal sealed class FrameTable
{
    private const int WordBits = 64;

    private SimulatedFolio?[] _folios;
    private FrameState[] _states;
    private ulong[] _free;

    // For each order: no block of that order that ends before this frame is free.
    private readonly int[] _searchFrom;

    public FrameTable(int frames, int maxOrder)
    {
        MaxPfn = frames;
        MaxOrder = maxOrder;
        _folios = new SimulatedFolio?[frames];
        _states = new FrameState[frames];
        _free = new ulong[Words(frames)];
        _searchFrom = new int[maxOrder + 1];
        SetFreeBits(0, frames, free: true);
        FreeFrames = frames;
    }

    /// <summary>One more than the last frame.</summary>
    public int MaxPfn { get; private set; }

    /// <summary>The order of a folio that one entry of a page middle directory maps; none is larger here.</summary>
    public int MaxOrder { get; }

    public int FreeFrames { get; private set; }

    public SimulatedFolio? FolioAt(int frame) => _folios[frame];

    public FrameState StateOf(int frame) => _states[frame];

    /// <summary>How many frames from one on, and before an end, are what this one is.</summary>
    public int RunLength(int frame, int end)
    {
        int length = MemoryMarshal.AsBytes(_states.AsSpan(frame, end - frame)).IndexOfAnyExcept((byte)_states[frame]);
        return length < 0 ? end - frame : length;
    }

    public bool IsFree(int first, int count)
    {
        if (first < 0 || count < 0 || first > MaxPfn - count)
            return false;
        for (int i = first; i < first + count; i++)
        {
            if ((_free[i / WordBits] & (1UL << (i % WordBits))) == 0)
                return false;
        }

        return true;
    }

    /// <summary>The lowest free block of an order, aligned to its size; -1 if there is none.</summary>
    public int FindFree(int order)
    {
        int found = order < 6 ? FindInWords(order) : FindWholeWords(order);
        _searchFrom[order] = found < 0 ? MaxPfn : found;
        return found;
    }

    public void Give(SimulatedFolio folio)
    {
        if (!IsFree(folio.Frame, folio.Pages))
            throw new InvalidOperationException($"The frames {folio.Frame} to {folio.Frame + folio.Pages - 1} are not all free.");
        SetFolio(folio);
        _states.AsSpan(folio.Frame, folio.Pages).Fill(FrameState.Used);
        SetFreeBits(folio.Frame, folio.Pages, free: false);
        FreeFrames -= folio.Pages;
    }

    /// <summary>Frames that are in use already are another folio's from now on, as after a split.</summary>
    public void SetFolio(SimulatedFolio folio) => _folios.AsSpan(folio.Frame, folio.Pages).Fill(folio);

    public void TakeBack(int first, int count, FrameState state)
    {
        _folios.AsSpan(first, count).Clear();
        SetState(first, count, state);
    }

    /// <summary>Makes frames that no folio has free, a hole, or offline.</summary>
    public void SetState(int first, int count, FrameState state)
    {
        bool free = state is FrameState.NeverUsed or FrameState.Buddy or FrameState.CpuList;
        for (int i = first; i < first + count; i++)
        {
            bool was = (_free[i / WordBits] & (1UL << (i % WordBits))) != 0;
            FreeFrames += (free ? 1 : 0) - (was ? 1 : 0);
        }

        _states.AsSpan(first, count).Fill(state);
        SetFreeBits(first, count, free);
        if (!free)
            return;
        for (int order = 0; order <= MaxOrder; order++)
            _searchFrom[order] = Math.Min(_searchFrom[order], first);
    }

    /// <summary>Adds frames at the end, none of them online yet.</summary>
    public void Grow(int frames)
    {
        int old = MaxPfn;
        MaxPfn += frames;
        Array.Resize(ref _folios, MaxPfn);
        Array.Resize(ref _states, MaxPfn);
        Array.Resize(ref _free, Words(MaxPfn));
        SetState(old, frames, FrameState.Offline);
    }

    private static int Words(int frames) => (frames + WordBits - 1) / WordBits;

    private int FindInWords(int order)
    {
        int size = 1 << order;
        for (int word = _searchFrom[order] / WordBits; word < _free.Length; word++)
        {
            // A bit stays set where it and the next size - 1 are: a run of free frames begins there.
            ulong runs = _free[word];
            for (int length = 1; length < size && runs != 0; length *= 2)
                runs &= runs >> length;
            runs &= AlignedTo(size);
            if (runs != 0)
                return (word * WordBits) + BitOperations.TrailingZeroCount(runs);
        }

        return -1;
    }

    private int FindWholeWords(int order)
    {
        int words = (1 << order) / WordBits;
        for (int word = _searchFrom[order] / WordBits / words * words; word + words <= _free.Length; word += words)
        {
            if (!_free.AsSpan(word, words).ContainsAnyExcept(ulong.MaxValue))
                return word * WordBits;
        }

        return -1;
    }

    // Bits at multiples of a size that is a power of two up to 32: 64 ones divided by as many as a size has.
    private static ulong AlignedTo(int size) => size == 1 ? ulong.MaxValue : ulong.MaxValue / ((1UL << size) - 1);

    private void SetFreeBits(int first, int count, bool free)
    {
        for (int i = first; i < first + count;)
        {
            int bits = Math.Min(WordBits - (i % WordBits), first + count - i);
            ulong mask = (bits == WordBits ? ulong.MaxValue : (1UL << bits) - 1) << (i % WordBits);
            if (free)
                _free[i / WordBits] |= mask;
            else
                _free[i / WordBits] &= ~mask;
            i += bits;
        }
    }
}
