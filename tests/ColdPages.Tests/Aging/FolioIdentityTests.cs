using FsCheck.Xunit;

namespace ColdPages.Tests;

public sealed class FolioIdentityTests
{
    [Property]
    public void What_goes_in_comes_out(int owner, byte kind, byte order)
    {
        owner &= (1 << 25) - 1;
        PageKind packedKind = (PageKind)(kind % BinLayout.Kinds);
        int packedOrder = order % (FolioIdentity.MaxOrder + 1);
        FolioIdentity identity = new(owner, packedKind, packedOrder);
        Assert.Equal((owner, packedKind, packedOrder, 1 << packedOrder), (identity.Owner, identity.Kind, identity.Order, identity.Pages));
        Assert.Equal(identity, new FolioIdentity(identity.Packed));
    }

    [Fact]
    public void The_largest_folio_fills_a_block() => Assert.Equal(IdleBitmap.BlockFrames, new FolioIdentity(0, PageKind.Anon, FolioIdentity.MaxOrder).Pages);
}
