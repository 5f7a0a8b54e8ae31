using System.Runtime.Intrinsics;

namespace ColdPages;

/// <summary>How many bits a kernel works on at once.</summary>
internal enum VectorWidth
{
    /// <summary>The widest that this CPU and the runtime's settings accelerate.</summary>
    Widest,
    Scalar = 64,
    Bits128 = 128,
    Bits256 = 256,
    Bits512 = 512,
}

internal static class VectorWidths
{
    // Constants to the JIT: of a call with Widest no choice is left.
    public static VectorWidth Widest =>
        Vector512.IsHardwareAccelerated ? VectorWidth.Bits512
        : Vector256.IsHardwareAccelerated ? VectorWidth.Bits256
        : Vector128.IsHardwareAccelerated ? VectorWidth.Bits128
        : VectorWidth.Scalar;

    /// <summary>Those worth a test or a row in a benchmark. Others give the same results, emulated and far slower than scalar code.</summary>
    public static IReadOnlyList<VectorWidth> Available { get; } =
        [.. Enum.GetValues<VectorWidth>().Where(width => width != VectorWidth.Widest && width <= Widest)];
}
