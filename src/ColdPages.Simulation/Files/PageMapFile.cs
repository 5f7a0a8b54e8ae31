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
        Span<ulong> words = MemoryMarshal.Cast<byte, ulong>(buffer)[..entries];
        for (int i = 0; i < entries; i++)
            words[i] = file == HostFile.PageFlags ? PageFlagBits.Of(memory.Frames, (int)first + i, options) : OwnerOf(memory.Frames, (int)first + i);
        return IoResult.Done(entries * EntryBytes);
    }

    // Tails give their head's. What is made of a slab is charged by the object, so the page itself has no owner; hugetlb is not charged.
    private static ulong OwnerOf(FrameTable frames, int frame) =>
        frame < frames.MaxPfn && frames.FolioAt(frame) is { Use: FolioUse.User or FolioUse.PageTable } folio ? folio.Memcg?.Inode ?? 0 : 0;
}
