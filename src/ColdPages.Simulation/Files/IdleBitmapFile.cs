using System.Runtime.InteropServices;

namespace ColdPages.Simulation;

/// <summary>/sys/kernel/mm/page_idle/bitmap: a bit a frame, in words of 64. Source: mm/page_idle.c, fs/kernfs/file.c.</summary>
internal static class IdleBitmapFile
{
    private const int WordBytes = 8;
    private const int WordBits = 64;

    /// <summary>
    /// Reads at most a page of bits. Looking at a frame clears its accessed bits; that is done for the last, partial word too, although it is
    /// not given.
    /// </summary>
    public static IoResult Read(PhysicalMemory memory, int pageSize, long offset, Span<byte> buffer)
    {
        buffer = buffer[..Math.Min(buffer.Length, pageSize)];
        if (!TryFindFrames(memory, offset, buffer.Length, out int first, out int end))
            return IoResult.Failed(Errno.EINVAL);
        if (first >= end)
            return IoResult.Done(0);
        Span<ulong> words = MemoryMarshal.Cast<byte, ulong>(buffer);
        int whole = (end - first) / WordBits;
        words[..whole].Clear();
        for (int frame = first; frame < end; frame++)
        {
            if (memory.Frames.FolioAt(frame) is not { } folio)
            {
                frame += memory.Frames.RunLength(frame, end) - 1;
                continue;
            }

            int word = (frame - first) / WordBits;
            if (folio.Frame == frame && memory.ReadIdle(folio) && word < whole)
                words[word] |= 1UL << (frame % WordBits);
            frame = folio.Frame + folio.Pages - 1;
        }

        return IoResult.Done(whole * WordBytes);
    }

    /// <summary>Marks frames idle, at most a page of bits; the last, partial word is written and not counted.</summary>
    public static IoResult Write(PhysicalMemory memory, int pageSize, long offset, ReadOnlySpan<byte> bytes)
    {
        bytes = bytes[..Math.Min(bytes.Length, pageSize)];
        if (!TryFindFrames(memory, offset, bytes.Length, out int first, out int end))
            return IoResult.Failed(Errno.EINVAL);
        if (bytes.IsEmpty)
            return IoResult.Done(0);
        if (first >= memory.Frames.MaxPfn)
            return IoResult.Failed(Errno.ENXIO);
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(bytes);
        for (int frame = first; frame < end; frame++)
        {
            if (memory.Frames.FolioAt(frame) is not { } folio)
            {
                frame += memory.Frames.RunLength(frame, end) - 1;
                continue;
            }

            bool set = (words[(frame - first) / WordBits] & (1UL << (frame % WordBits))) != 0;
            if (set && folio.Frame == frame)
                memory.WriteIdle(folio);
            frame = folio.Frame + folio.Pages - 1;
        }

        return IoResult.Done((end - first) / WordBits * WordBytes);
    }

    private static bool TryFindFrames(PhysicalMemory memory, long offset, int length, out int first, out int end)
    {
        first = end = 0;
        if (offset < 0 || offset % WordBytes != 0 || length % WordBytes != 0)
            return false;
        first = (int)Math.Min(offset * 8, memory.Frames.MaxPfn);
        end = (int)Math.Min(first + (length * 8L), memory.Frames.MaxPfn);
        return true;
    }
}
