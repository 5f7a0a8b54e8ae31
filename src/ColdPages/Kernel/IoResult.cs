namespace ColdPages;

/// <summary>What a read or write of a kernel file gave: a count of bytes, or the errno it failed with. Never both.</summary>
internal readonly record struct IoResult(int Count, Errno Error)
{
    public bool Ok => Error == Errno.None;

    public static IoResult Done(int count) => new(count, Errno.None);

    public static IoResult Failed(Errno error) => new(0, error);
}
