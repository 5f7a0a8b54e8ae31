namespace ColdPages.Tests;

public sealed class AgeBinTests
{
    private readonly AgeBin _bin = new() { From = TimeSpan.Zero, To = null, AnonBytes = 1, FileBytes = 20, ShmemBytes = 300, ExcessBytes = 4000 };

    [Fact]
    public void Its_lower_bytes_are_its_kinds_and_the_upper_ones_have_the_excess_too()
    {
        Assert.Equal(321, _bin.LowerBytes);
        Assert.Equal(4321, _bin.UpperBytes);
    }

    [Fact]
    public void Bytes_are_told_by_kind_and_an_unknown_kind_is_refused()
    {
        Assert.Equal(1, _bin.Bytes(PageKind.Anon));
        Assert.Equal(20, _bin.Bytes(PageKind.File));
        Assert.Equal(300, _bin.Bytes(PageKind.Shmem));
        Assert.Throws<ArgumentOutOfRangeException>(() => _bin.Bytes((PageKind)3));
    }
}
