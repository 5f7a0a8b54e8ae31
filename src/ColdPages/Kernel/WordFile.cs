using System.Runtime.InteropServices;

namespace ColdPages;

/// <summary>A kernel file of 64-bit words in native order. Counts are of words.</summary>
internal readonly struct WordFile : IDisposable
{
    private readonly KernelFile _file;

    private WordFile(KernelFile file) => _file = file;

    public static Errno Open(KernelFiles files, ReadOnlySpan<byte> path, KernelFileAccess access, out WordFile words)
    {
        Errno error = KernelFile.Open(files, path, access, out KernelFile file);
        words = new WordFile(file);
        return error;
    }

    /// <summary>Reads on until all words are there or the file ends: the kernel may give fewer at a time than asked for.</summary>
    public IoResult Read(long firstWord, Span<ulong> words)
    {
        Span<byte> bytes = MemoryMarshal.AsBytes(words);
        int done = 0;
        while (done < bytes.Length)
        {
            IoResult piece = _file.Read((firstWord * sizeof(ulong)) + done, bytes[done..]);
            if (!piece.Ok)
                return piece;
            if (piece.Count == 0)
                break;

            // None of these files ends within a word; if one did, there would be no telling what the rest of it was.
            if (piece.Count % sizeof(ulong) != 0)
                return IoResult.Failed(Errno.EIO);
            done += piece.Count;
        }

        return IoResult.Done(done / sizeof(ulong));
    }

    /// <summary>Writes on until all words are written or the kernel takes no more.</summary>
    public IoResult Write(long firstWord, ReadOnlySpan<ulong> words)
    {
        ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(words);
        int done = 0;
        while (done < bytes.Length)
        {
            IoResult piece = _file.Write((firstWord * sizeof(ulong)) + done, bytes[done..]);
            if (!piece.Ok)
                return piece;
            if (piece.Count < sizeof(ulong))
                break;
            done += piece.Count & -sizeof(ulong);
        }

        return IoResult.Done(done / sizeof(ulong));
    }

    public void Dispose() => _file.Dispose();
}
