namespace ColdPages.KernelTests;

/// <summary>Holds what a source told in each of several runs against what is right, and in the end says which of each number was farthest from it.</summary>
internal sealed class WorstFigures : IDisposable
{
    private const double MiB = 1 << 20;

    private readonly OrderedDictionary<string, (double[] Told, double[] Right)> _worst = [];

    /// <summary>As <see cref="Truth.AssertBins"/>.</summary>
    public void AssertBins(string what, AgeHistogram told, params double[] mib)
    {
        Note(what, [.. told.Select(bin => bin.LowerBytes)], mib);
        Truth.AssertBins(told, mib);
    }

    /// <summary>As <see cref="Truth.AssertNear"/>.</summary>
    public void AssertNear(string what, long bytes, double mib)
    {
        Note(what, [bytes], [mib]);
        Truth.AssertNear(mib, bytes, what);
    }

    /// <summary>As <see cref="Truth.AssertBounds"/>.</summary>
    public void AssertBounds(string what, ByteBounds told, double mib)
    {
        Note(what, [told.AtLeast, told.AtMost], [mib, mib]);
        Truth.AssertBounds(mib, told, what);
    }

    public void Dispose()
    {
        foreach ((string what, (double[] told, double[] right)) in _worst)
            TestContext.Current.TestOutputHelper?.WriteLine($"worst of {what}: {Join(told)} MiB where {Join(right)} are right");
    }

    private void Note(string what, long[] bytes, double[] right)
    {
        double[] told = [.. bytes.Select(some => some / MiB)];
        if (!_worst.TryGetValue(what, out (double[] Told, double[] Right) worst))
            _worst[what] = worst = (told, [.. right]);
        for (int i = 0; i < Math.Min(told.Length, Math.Min(worst.Told.Length, right.Length)); i++)
        {
            if (Math.Abs(told[i] - right[i]) > Math.Abs(worst.Told[i] - worst.Right[i]))
                (worst.Told[i], worst.Right[i]) = (told[i], right[i]);
        }
    }

    private static string Join(double[] mib) => string.Join(" / ", mib.Select(part => $"{part:F2}"));
}
