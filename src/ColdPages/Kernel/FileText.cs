using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.ObjectPool;

namespace ColdPages;

/// <summary>The whole text of a small kernel file, in a buffer that is rented, filled and returned within one method.</summary>
internal sealed class FileText : IDisposable
{
    private const int InitialBytes = 16 * 1024;

    // What a snapshot or a scan keeps rented at a time is a handful; a file that once needed more leaves its large buffer here.
    private static readonly DefaultObjectPool<FileText> s_pool = new(new DefaultPooledObjectPolicy<FileText>());

    private byte[] _bytes = new byte[InitialBytes];
    private int _length;

    public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, _length);

    /// <summary>An empty text; disposing it gives the buffer back.</summary>
    [SuppressMessage("Reliability", "CA2000", Justification = "The caller disposes, which returns it to the pool.")]
    public static FileText Rent()
    {
        FileText text = s_pool.Get();
        text._length = 0;
        return text;
    }

    /// <summary>Reads the file from its start to its end, in as many pieces as the kernel makes of it.</summary>
    public Errno Load(KernelFiles files, ReadOnlySpan<byte> path)
    {
        _length = 0;
        Errno error = KernelFile.Open(files, path, KernelFileAccess.Read, out KernelFile file);
        if (error != Errno.None)
            return error;
        using (file)
        {
            while (true)
            {
                if (_length == _bytes.Length)
                    Array.Resize(ref _bytes, _bytes.Length * 2);
                IoResult piece = file.Read(_length, _bytes.AsSpan(_length));
                if (!piece.Ok)
                    return piece.Error;
                if (piece.Count == 0)
                    return Errno.None;
                _length += piece.Count;
            }
        }
    }

    public void Dispose() => s_pool.Return(this);
}
