using System.Runtime.CompilerServices;

namespace ColdPages;

/// <summary>
/// A loop over bitmaps: a struct that holds them and what it found, run by <see cref="BitmapKernel"/>. Its loop uses copies of the spans, because
/// those in the struct the JIT loads again after each store.
/// </summary>
internal interface IBitmapKernel
{
    /// <summary>
    /// Goes on at the word <paramref name="from"/> as long as there is a whole <typeparamref name="TWords"/> and something to do, and says
    /// which word it did not come to.
    /// </summary>
    int Run<TWords>(int from)
        where TWords : struct, IWords<TWords>;
}

internal static class BitmapKernel
{
    /// <summary>Runs the kernel at a width, then word by word over what that left.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Run<TKernel>(ref TKernel kernel, VectorWidth width)
        where TKernel : struct, IBitmapKernel, allows ref struct
    {
        int at = (width == VectorWidth.Widest ? VectorWidths.Widest : width) switch
        {
            VectorWidth.Bits512 => kernel.Run<Words512>(0),
            VectorWidth.Bits256 => kernel.Run<Words256>(0),
            VectorWidth.Bits128 => kernel.Run<Words128>(0),
            _ => 0,
        };
        return kernel.Run<Word>(at);
    }
}
