using System.Runtime.Intrinsics;

namespace ColdPages.Tests;

public sealed class VectorWidthsTests
{
    [Fact]
    public void Available_is_scalar_and_what_is_accelerated()
    {
        List<VectorWidth> expected = [VectorWidth.Scalar];
        if (Vector128.IsHardwareAccelerated)
            expected.Add(VectorWidth.Bits128);
        if (Vector256.IsHardwareAccelerated)
            expected.Add(VectorWidth.Bits256);
        if (Vector512.IsHardwareAccelerated)
            expected.Add(VectorWidth.Bits512);
        Assert.Equal(expected, VectorWidths.Available);
        Assert.Equal(expected[^1], VectorWidths.Widest);
    }
}
