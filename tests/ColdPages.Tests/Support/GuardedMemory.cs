using System.ComponentModel;
using System.Runtime.InteropServices;

namespace ColdPages.Tests;

/// <summary>
/// One page of memory between two that nobody may touch: a read or write right before or behind it ends the test run. All of it is filled
/// with a pattern, so that a write that stays in the page, but leaves its span, is found too.
/// </summary>
internal sealed unsafe partial class GuardedMemory : IDisposable
{
    private const int NoAccess = 0;      // PROT_NONE
    private const int ReadWrite = 3;     // PROT_READ | PROT_WRITE
    private const int PrivateAnonymous = 0x22;

    private const ulong Untouched = 0xa5c3_96f0_0f69_3c5a;

    private const int Offsets = 16;

    private static readonly int s_page = Environment.SystemPageSize;

    private readonly byte* _mapping;

    public GuardedMemory()
    {
        _mapping = Map(null, (nuint)(3 * s_page), NoAccess, PrivateAnonymous, -1, 0);
        if (_mapping == (byte*)-1 || Protect(_mapping + s_page, (nuint)s_page, ReadWrite) != 0)
            throw new Win32Exception();
        All.Fill(Untouched);
    }

    /// <summary>Everything that may be touched.</summary>
    public Span<ulong> All => new(_mapping + s_page, s_page / sizeof(ulong));

    public nint Address => (nint)(_mapping + s_page);

    /// <summary>
    /// Where to put that many words: as near as 0 to 15 words to the guard before them, and to the one behind them.
    /// </summary>
    public static IEnumerable<int> Places(int length)
    {
        int last = (s_page / sizeof(ulong)) - length;
        return Enumerable.Range(0, Offsets).Concat(Enumerable.Range(last - Offsets + 1, Offsets)).Where(at => at >= 0 && at <= last).Distinct();
    }

    /// <summary>Those words at that place; all around them is as if never touched.</summary>
    public Span<ulong> Put(ReadOnlySpan<ulong> words, int at)
    {
        All.Fill(Untouched);
        Span<ulong> placed = All.Slice(at, words.Length);
        words.CopyTo(placed);
        return placed;
    }

    /// <summary>Room for that many words, with what is no zero in it.</summary>
    public Span<ulong> PutNothing(int length, int at)
    {
        All.Fill(Untouched);
        return All.Slice(at, length);
    }

    /// <summary>True if nothing but the words at that place was written to.</summary>
    public bool IsUntouchedAround(int at, int length) =>
        !All[..at].ContainsAnyExcept(Untouched) && !All[(at + length)..].ContainsAnyExcept(Untouched);

    public void Dispose()
    {
        if (Unmap(_mapping, (nuint)(3 * s_page)) != 0)
            throw new Win32Exception();
    }

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    private static partial byte* Map(void* address, nuint length, int protection, int flags, int fd, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect", SetLastError = true)]
    private static partial int Protect(void* address, nuint length, int protection);

    [LibraryImport("libc", EntryPoint = "munmap", SetLastError = true)]
    private static partial int Unmap(void* address, nuint length);
}
