namespace ColdPages;

/// <summary>
/// Anonymous memory of this process's own, to try on what the kernel does with memory. It is a mapping of its own in smaps, of nothing but small pages unless huge ones are
/// asked for, and gone when disposed.
/// </summary>
internal abstract class OwnMemory : IDisposable
{
    /// <summary>Where it begins; where huge pages are asked for, at the border of one.</summary>
    public abstract ulong Address { get; }

    /// <summary>Its bytes, whole pages.</summary>
    public abstract long Length { get; }

    /// <summary>Writes to the small page of a number.</summary>
    public abstract void Touch(int page);

    /// <summary>
    /// Has the CPUs forget how to find the pages. The kernel takes accessed bits and leaves what the CPUs remember (ptep_clear_young_notify): the touch of a page that is
    /// remembered would leave no trace.
    /// </summary>
    public abstract Errno ForgetTranslations();

    public abstract void Dispose();
}
