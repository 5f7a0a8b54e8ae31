namespace ColdPages;

/// <summary>Kernel samepage merging (Documentation/admin-guide/mm/ksm.rst): whether it merges pages of the same content now, and how far it has come.</summary>
/// <param name="IsRunning">Whether it is switched on.</param>
/// <param name="Scanned">Pages looked at since boot (Linux 6.7 and later); null where that is not told.</param>
/// <param name="HasMerged">Whether any page is merged.</param>
internal readonly record struct Ksm(bool IsRunning, long? Scanned, bool HasMerged)
{
    public static Ksm Read(KernelFiles files)
    {
        using FileText text = FileText.Rent();
        return new Ksm(Number("/sys/kernel/mm/ksm/run"u8) == 1, Number("/sys/kernel/mm/ksm/pages_scanned"u8), Number("/sys/kernel/mm/ksm/pages_shared"u8) > 0);

        long? Number(ReadOnlySpan<byte> path) => text.Load(files, path) == Errno.None ? KeyedNumber.ParseSingle(text.Bytes) : null;
    }

    /// <summary>Whether pages may have been merged since an earlier time.</summary>
    public bool MayHaveMergedSince(Ksm before) => IsRunning || before.IsRunning || Scanned != before.Scanned || (Scanned is null && HasMerged);
}
