namespace ColdPages.Tests;

public sealed class PageFlagsFileTests
{
    [Theory]
    [InlineData((int)(PageFlags.Lru | PageFlags.SwapBacked), PageKind.Shmem)]
    [InlineData((int)(PageFlags.Lru | PageFlags.SwapBacked | PageFlags.Anon), PageKind.Anon)]
    [InlineData((int)(PageFlags.Lru | PageFlags.Anon), PageKind.Anon)] // Given up with MADV_FREE.
    [InlineData((int)(PageFlags.Lru | PageFlags.SwapBacked | PageFlags.SwapCache), PageKind.Anon)] // Read ahead from swap.
    [InlineData((int)PageFlags.Lru, PageKind.File)]
    [InlineData((1 << 5) | (1 << 21), PageKind.File)] // KSM alone says nothing.
    [InlineData(0x5868, PageKind.Anon)] // Up to date, LRU, active, mapped, anonymous, backed by swap.
    public void Flags_tell_the_kind(int flags, PageKind kind) => Assert.Equal(kind, PageFlagsFile.KindOf((PageFlags)flags));
}
