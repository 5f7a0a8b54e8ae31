using System.Runtime.InteropServices;

namespace ColdPages.Simulation;

/// <summary>/proc/kpageflags and /proc/kpagecgroup: 8 bytes a frame. Source: fs/proc/page.c.</summary>
internal static class PageMapFile
{
    public const int EntryBytes = 8;

    public static IoResult Read(PhysicalMemory memory, SimulatedHostOptions options, HostFile file, long offset, Span<byte> buffer)
    {
        if (offset < 0 || offset % EntryBytes != 0 || buffer.Length % EntryBytes != 0)
            return IoResult.Failed(Errno.EINVAL);
        long first = offset / EntryBytes;
        int entries = (int)Math.Clamp(memory.EndOfPageMap - first, 0, buffer.Length / EntryBytes);
        Fill(memory.Frames, options, file, first, MemoryMarshal.Cast<byte, ulong>(buffer)[..entries]);
        return IoResult.Done(entries * EntryBytes);
    }

    private static void Fill(FrameTable frames, SimulatedHostOptions options, HostFile file, long first, Span<ulong> entries)
    {
        bool flags = file == HostFile.PageFlags;
        int known = (int)Math.Clamp(frames.MaxPfn - first, 0, entries.Length);
        entries[known..].Clear(); // Behind the last frame there are page structures up to the end of its section.
        for (int i = 0; i < known;)
        {
            int frame = (int)first + i;
            if (frames.FolioAt(frame) is not { } folio)
            {
                int run = frames.RunLength(frame, (int)first + known);
                entries.Slice(i, run).Fill(flags ? PageFlagBits.Of(frames.StateOf(frame)) : 0);
                i += run;
                continue;
            }

            // All tails of a folio read the same.
            if (frame == folio.Frame)
                entries[i++] = flags ? PageFlagBits.OfHead(folio, options) : OwnerOf(folio);
            int tails = Math.Min(folio.Frame + folio.Pages - (int)first, known) - i;
            if (tails > 0)
                entries.Slice(i, tails).Fill(flags ? PageFlagBits.OfTail(folio, options) : OwnerOf(folio));
            i += Math.Max(tails, 0);
        }
    }

    // Tails give their head's. What is made of a slab is charged by the object, so the page itself has no owner; hugetlb is not charged.
    private static ulong OwnerOf(SimulatedFolio folio) => folio.Use is FolioUse.User or FolioUse.PageTable ? folio.Memcg?.Inode ?? 0 : 0;
}
