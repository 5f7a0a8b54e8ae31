namespace ColdPages.Tests;

public sealed class PageFlagsFileTests
{
    [Theory]
    [InlineData(1UL << 5, PageKind.File)]
    [InlineData((1UL << 5) | (1UL << 14), PageKind.Shmem)]
    [InlineData((1UL << 5) | (1UL << 14) | (1UL << 12), PageKind.Anon)]
    [InlineData((1UL << 5) | (1UL << 12), PageKind.Anon)] // Given up with MADV_FREE.
    [InlineData((1UL << 5) | (1UL << 14) | (1UL << 13), PageKind.Anon)] // Read ahead from swap.
    [InlineData((1UL << 5) | (1UL << 21), PageKind.File)] // KSM alone says nothing.
    [InlineData(0x5868UL, PageKind.Anon)] // Up to date, LRU, active, mapped, anonymous, backed by swap.
    public void The_kind_follows_from_the_flags(ulong flags, PageKind kind) => Assert.Equal(kind, PageFlagsFile.KindOf((PageFlags)flags));
}
