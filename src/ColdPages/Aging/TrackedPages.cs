namespace ColdPages;

/// <summary>How many pages are tracked, all of them idle.</summary>
/// <param name="All">All of them.</param>
/// <param name="Large">Those of folios that have several.</param>
/// <param name="File">Those that are page cache or shared memory.</param>
/// <param name="LargeFile">Of <paramref name="Large"/> those that are page cache or shared memory.</param>
internal readonly record struct TrackedPages(long All, long Large, long File, long LargeFile)
{
    public static TrackedPages operator +(TrackedPages a, TrackedPages b) => new(a.All + b.All, a.Large + b.Large, a.File + b.File, a.LargeFile + b.LargeFile);
}
