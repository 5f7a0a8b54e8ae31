using System.Buffers;
using System.Buffers.Text;

namespace ColdPages;

/// <summary>What /proc/PID/smaps says of one mapping (fs/proc/task_mmu.c, show_smap), in bytes.</summary>
internal ref struct SmapsMapping
{
    /// <summary>Addresses, the end not included.</summary>
    public ulong Start;
    public ulong End;

    /// <summary>Device of the mapped file, 0:0 for anonymous memory.</summary>
    public uint Major;
    public uint Minor;

    /// <summary>Path of the mapped file, or a name in brackets, or nothing.</summary>
    public ReadOnlySpan<byte> Name;

    /// <summary>Resident bytes, hugetlb not included.</summary>
    public long Rss;

    /// <summary>Resident bytes whose accessed bit is set, or whose page is marked young or referenced.</summary>
    public long Referenced;

    /// <summary>Resident bytes that are anonymous, copies of private file pages among them.</summary>
    public long Anonymous;

    /// <summary>Resident bytes that other processes map too, or the same one at other addresses.</summary>
    public long Shared;
}

/// <summary>Takes the mappings of a process one by one.</summary>
internal interface ISmapsVisitor
{
    void Visit(in SmapsMapping mapping);
}

/// <summary>
/// Parses the text of smaps as it comes, in pieces of any size: a process with 60,000 mappings has 40 MB of it.
/// </summary>
internal static class Smaps
{
    // One read gives whole mappings up to 4 KiB (fs/seq_file.c, seq_read_iter) and more only where a single one is longer, as with a path of
    // PATH_MAX.
    private const int PieceBytes = 32 * 1024;

    /// <summary>
    /// Visits every mapping that is there whole. A text that ends within a mapping leaves that mapping out; whether the process lived
    /// to the end is for the caller to ask.
    /// </summary>
    public static Errno Read<TVisitor>(KernelFiles files, ReadOnlySpan<byte> path, ref TVisitor visitor, out long bytesRead)
        where TVisitor : ISmapsVisitor, allows ref struct
    {
        bytesRead = 0;
        Errno error = KernelFile.Open(files, path, KernelFileAccess.Read, out KernelFile file);
        if (error != Errno.None)
            return error;
        byte[] piece = ArrayPool<byte>.Shared.Rent(PieceBytes);
        try
        {
            int kept = 0;
            while (true)
            {
                IoResult read = file.Read(bytesRead, piece.AsSpan(kept));
                if (!read.Ok)
                    return read.Error;
                if (read.Count == 0)
                    return Errno.None;
                bytesRead += read.Count;
                int filled = kept + read.Count;
                int used = VisitWhole(piece.AsSpan(0, filled), ref visitor);
                kept = filled - used;
                piece.AsSpan(used, kept).CopyTo(piece);

                // One mapping alone is larger than the buffer: only a file that is no smaps has that.
                if (kept == piece.Length)
                    return Errno.EINVAL;
            }
        }
        finally
        {
            file.Dispose();
            ArrayPool<byte>.Shared.Return(piece);
        }
    }

    // A mapping begins with its header and is whole with its last line, VmFlags. Gives how much of the text is done with.
    private static int VisitWhole<TVisitor>(ReadOnlySpan<byte> text, ref TVisitor visitor)
        where TVisitor : ISmapsVisitor, allows ref struct
    {
        int used = 0;
        int position = 0;
        bool open = false;
        SmapsMapping mapping = default;
        while (true)
        {
            int length = text[position..].IndexOf((byte)'\n');
            if (length < 0)
                return used;
            ReadOnlySpan<byte> line = text.Slice(position, length);
            position += length + 1;
            if (TryParseHeader(line, out SmapsMapping next))
            {
                mapping = next;
                open = true;
            }
            else if (open && ParseField(line, ref mapping))
            {
                visitor.Visit(mapping);
                open = false;
                used = position;
            }
        }
    }

    // 5655302cd000-56553041f000 r-xp 00007000 00:12 24887561                   /usr/bin/probe
    private static bool TryParseHeader(ReadOnlySpan<byte> line, out SmapsMapping mapping)
    {
        mapping = default;
        if (line.IsEmpty || line[0] is not ((>= (byte)'0' and <= (byte)'9') or (>= (byte)'a' and <= (byte)'f')))
            return false;
        ReadOnlySpan<byte> rest = line;
        ReadOnlySpan<byte> addresses = TextLines.TakeField(ref rest);
        int dash = addresses.IndexOf((byte)'-');
        if (dash < 0 || !Utf8Parser.TryParse(addresses[..dash], out mapping.Start, out _, 'x') || !Utf8Parser.TryParse(addresses[(dash + 1)..], out mapping.End, out _, 'x'))
            return false;
        _ = TextLines.TakeField(ref rest); // permissions
        _ = TextLines.TakeField(ref rest); // offset
        if (!MountInfo.TryParseDevice(TextLines.TakeField(ref rest), 'x', out mapping.Major, out mapping.Minor))
            return false;
        _ = TextLines.TakeField(ref rest); // inode
        mapping.Name = rest.TrimStart((byte)' ');
        return true;
    }

    // True for the last line of a mapping.
    private static bool ParseField(ReadOnlySpan<byte> line, ref SmapsMapping mapping)
    {
        if (line.StartsWith("Rss:"u8))
            mapping.Rss = Value(line);
        else if (line.StartsWith("Referenced:"u8))
            mapping.Referenced = Value(line);
        else if (line.StartsWith("Anonymous:"u8))
            mapping.Anonymous = Value(line);
        else if (line.StartsWith("Shared_Clean:"u8) || line.StartsWith("Shared_Dirty:"u8))
            mapping.Shared += Value(line);
        return line.StartsWith("VmFlags:"u8);

        static long Value(ReadOnlySpan<byte> line) => KeyedNumber.TryParse(line, out _, out long value) ? value : 0;
    }
}
