using System.Runtime.Intrinsics;

namespace ColdPages.Tests;

/// <summary>
/// The suite runs once for each vector width that .NET can be told to stop at; this is how a run knows that it was told so. A switch with
/// a wrong name would do nothing and say nothing.
/// </summary>
public sealed class VectorWidthTests
{
    [Fact]
    public void Vectors_are_no_wider_than_this_run_is_for()
    {
        string? most = Environment.GetEnvironmentVariable("COLDPAGES_MAX_VECTOR_BITS");
        Assert.SkipWhen(most is null, "no width was asked for; ./test.sh runs the suite at each (COLDPAGES_MAX_VECTOR_BITS)");
        int bits = Vector512.IsHardwareAccelerated ? 512 : Vector256.IsHardwareAccelerated ? 256 : Vector128.IsHardwareAccelerated ? 128 : 0;
        Assert.InRange(bits, 0, int.Parse(most!, System.Globalization.CultureInfo.InvariantCulture));
    }
}
