using System.Globalization;

namespace ColdPages.Cli;

/// <summary>Sizes and durations as people write and read them.</summary>
internal static class Units
{
    private const long MiB = 1L << 20;
    private const long GiB = 1L << 30;

    /// <summary>"12.3 MiB" or "1.23 GiB".</summary>
    public static string Size(long bytes) => bytes >= GiB
        ? string.Create(CultureInfo.InvariantCulture, $"{(double)bytes / GiB:F2} GiB")
        : string.Create(CultureInfo.InvariantCulture, $"{(double)bytes / MiB:F1} MiB");

    /// <summary>Both bounds where they differ visibly: "12.0 to 20.0 MiB".</summary>
    public static string Size(ByteBounds bounds)
    {
        string atLeast = Size(bounds.AtLeast);
        string atMost = Size(bounds.AtMost);
        if (atLeast == atMost)
            return atLeast;
        return atLeast[^3..] == atMost[^3..] ? $"{atLeast[..^4]} to {atMost}" : $"{atLeast} to {atMost}";
    }

    /// <summary>Seconds to a tenth, below one to a thousandth: "2s", "4.1s", "0.25s".</summary>
    public static string Seconds(TimeSpan time) => time.TotalSeconds >= 1
        ? Math.Round(time.TotalSeconds, 1).ToString("0.#", CultureInfo.InvariantCulture) + "s"
        : time.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture) + "s";

    /// <summary>Reads 500ms, 2s, 5m or 1h; false for anything else, and for a time that is not above zero.</summary>
    public static bool TryParseDuration(string text, out TimeSpan time)
    {
        time = default;
        (string Unit, double Seconds)[] units = [("ms", 0.001), ("s", 1), ("m", 60), ("h", 3600)];
        foreach ((string unit, double seconds) in units)
        {
            if (!text.EndsWith(unit, StringComparison.Ordinal))
                continue;
            bool isNumber = double.TryParse(text[..^unit.Length], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number);
            if (!isNumber || number * seconds > TimeSpan.FromDays(365).TotalSeconds)
                return false;
            time = TimeSpan.FromSeconds(number * seconds);
            return time > TimeSpan.Zero;
        }

        return false;
    }
}
