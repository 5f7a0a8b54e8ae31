using System.Numerics;
using System.Runtime.InteropServices;

namespace ColdPages.Simulation;

/// <summary>/proc/kpageflags, /proc/kpagecgroup and /proc/kpagecount: 8 bytes a frame. Source: fs/proc/page.c.</summary>
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
        int known = (int)Math.Clamp(frames.MaxPfn - first, 0, entries.Length);
        entries[known..].Clear(); // Behind the last frame there are page structures up to the end of its section.
        for (int i = 0; i < known;)
        {
            int frame = (int)first + i;
            if (frames.FolioAt(frame) is not { } folio)
            {
                int run = frames.RunLength(frame, (int)first + known);
                entries.Slice(i, run).Fill(file == HostFile.PageFlags ? PageFlagBits.Of(frames.StateOf(frame)) : 0);
                i += run;
                continue;
            }

            int end = Math.Min(folio.Frame + folio.Pages - (int)first, known);
            while (i < end)
            {
                int page = (int)first + i - folio.Frame;
                int run = page == 0 ? 1 : end - i; // All tails of a folio read the same, but that some are mapped no more.
                if (file == HostFile.PageCount && page < folio.MappedPages)
                    run = Math.Min(end - i, folio.MappedPages - page);
                entries.Slice(i, run).Fill(Entry(folio, page, options, file));
                i += run;
            }
        }
    }

    private static ulong Entry(SimulatedFolio folio, int page, SimulatedHostOptions options, HostFile file) => file switch
    {
        HostFile.PageFlags => page == 0 ? PageFlagBits.OfHead(folio, options) : PageFlagBits.OfTail(folio, options),
        HostFile.PageCount => (ulong)(page < folio.MappedPages ? BitOperations.PopCount(folio.MappedBy) : 0),

        // Tails give their head's. What is made of a slab is charged by the object, so the page itself has no owner; hugetlb is not charged.
        _ => folio.Use is FolioUse.User or FolioUse.PageTable ? folio.Memcg?.Inode ?? 0 : 0,
    };
}
