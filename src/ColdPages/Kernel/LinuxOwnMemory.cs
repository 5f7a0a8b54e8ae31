using System.Runtime.InteropServices;

namespace ColdPages;

/// <summary>Memory from mmap(2).</summary>
internal sealed class LinuxOwnMemory : OwnMemory
{
    private readonly nint _mapping;
    private readonly nuint _mappingLength;
    private readonly nint _start;

    private LinuxOwnMemory(nint mapping, nuint mappingLength, nint start, long length)
    {
        _mapping = mapping;
        _mappingLength = mappingLength;
        _start = start;
        Length = length;
    }

    public override ulong Address => (ulong)_start;

    public override long Length { get; }

    public static Errno Map(long length, long hugePage, out OwnMemory? memory)
    {
        memory = null;
        nint page = Environment.SystemPageSize;
        nint border = hugePage > 0 ? (nint)hugePage : page;

        // Around it a page or more that may not be touched: nothing that lies beside it becomes one mapping with it.
        nuint whole = (nuint)(length + border + (2 * page));
        nint mapping = LibC.MMap(0, whole, LibC.PROT_NONE, LibC.MAP_PRIVATE | LibC.MAP_ANONYMOUS | LibC.MAP_NORESERVE, -1, 0);
        if (mapping == LibC.MAP_FAILED)
            return LastError();
        nint start = (mapping + page + border - 1) / border * border;
        LinuxOwnMemory own = new(mapping, whole, start, length);

        // Where the kernel has no huge pages there is nothing to be advised of, and it says EINVAL.
        Errno error = LibC.MAdvise(start, (nuint)length, hugePage > 0 ? LibC.MADV_HUGEPAGE : LibC.MADV_NOHUGEPAGE) == 0 ? Errno.None : LastError();
        if (error == Errno.EINVAL && hugePage == 0)
            error = Errno.None;
        if (error == Errno.None)
            error = own.Protect(LibC.PROT_READ | LibC.PROT_WRITE);
        if (error != Errno.None)
        {
            own.Dispose();
            return error;
        }

        memory = own;
        return Errno.None;
    }

    public override unsafe void Touch(int page) => Volatile.Write(ref *(byte*)(_start + ((nint)page * Environment.SystemPageSize)), 1);

    // The kernel flushes where it takes a right away.
    public override Errno ForgetTranslations()
    {
        Errno error = Protect(LibC.PROT_READ);
        return error == Errno.None ? Protect(LibC.PROT_READ | LibC.PROT_WRITE) : error;
    }

    public override void Dispose() => _ = LibC.MUnmap(_mapping, _mappingLength);

    private static Errno LastError() => (Errno)Marshal.GetLastPInvokeError();

    private Errno Protect(int protection) => LibC.MProtect(_start, (nuint)Length, protection) == 0 ? Errno.None : LastError();
}
