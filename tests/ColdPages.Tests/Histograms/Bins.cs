namespace ColdPages.Tests;

/// <summary>Makes histograms; edges are in seconds.</summary>
internal static class Bins
{
    public static TimeSpan S(double seconds) => TimeSpan.FromSeconds(seconds);

    public static AgeBin Of(double from, double? to, long anon = 0, long file = 0, long shmem = 0, long excess = 0) => new()
    {
        From = S(from),
        To = to is null ? null : S(to.Value),
        AnonBytes = anon,
        FileBytes = file,
        ShmemBytes = shmem,
        ExcessBytes = excess,
    };

    /// <summary>Any histogram: each bin as wide as the first number says, 0 included, with bytes by kind and, beyond the first, any excess.</summary>
    public static AgeHistogram From((byte Width, byte Anon, byte File, byte Shmem, byte Excess)[] bins)
    {
        List<AgeBin> made = [];
        TimeSpan from = TimeSpan.Zero;
        for (int i = 0; i < bins.Length; i++)
        {
            TimeSpan to = from + S(bins[i].Width % 4);
            made.Add(new AgeBin
            {
                From = from,
                To = i + 1 == bins.Length ? null : to,
                AnonBytes = bins[i].Anon,
                FileBytes = bins[i].File,
                ShmemBytes = bins[i].Shmem,
                ExcessBytes = i == 0 ? 0 : bins[i].Excess,
            });
            from = to;
        }

        return AgeHistogram.Create(made);
    }
}
