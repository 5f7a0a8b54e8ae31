using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace ColdPages.Cli;

/// <summary>Sizes and durations as people write and read them.</summary>
internal static class Units
{
    private const long MiB = 1L << 20;
    private const long GiB = 1L << 30;

    private static readonly TimeSpan s_manySeconds = TimeSpan.FromMinutes(2);

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

    /// <summary>"0.25s", "4.1s", from two minutes on "10m", "1h30m". Cut off and never rounded up, for nothing is to look older than it is.</summary>
    public static string Time(TimeSpan time)
    {
        if (time >= s_manySeconds)
            return Part((long)time.TotalHours, "h") + Part(time.Minutes, "m") + Part(time.Seconds, "s");
        long step = time.TotalSeconds >= 1 ? TimeSpan.TicksPerSecond / 10 : time.TotalMilliseconds >= 1 ? TimeSpan.TicksPerMillisecond : 1;
        return TimeSpan.FromTicks(time.Ticks - (time.Ticks % step)).TotalSeconds.ToString("0.#######", CultureInfo.InvariantCulture) + "s";

        static string Part(long number, string unit) => number == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"{number}{unit}");
    }

    /// <summary>Reads 500ms, 2s, 5m or 1h; false for anything else, and then what is wrong with it.</summary>
    public static bool TryParseDuration(string text, out TimeSpan time, [NotNullWhen(false)] out string? wrong)
    {
        time = default;
        wrong = "is not a time: give a number and ms, s, m or h, as in 500ms or 2m";
        (string Unit, double Seconds)[] units = [("ms", 0.001), ("s", 1), ("m", 60), ("h", 3600)];
        foreach ((string unit, double seconds) in units)
        {
            if (!text.EndsWith(unit, StringComparison.Ordinal))
                continue;
            bool isNumber = double.TryParse(text[..^unit.Length], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number);
            if (!isNumber)
                return false;
            wrong = "is too long: the most is 8760h, a year";
            if (number * seconds > TimeSpan.FromDays(365).TotalSeconds)
                return false;
            time = TimeSpan.FromSeconds(number * seconds);
            wrong = time > TimeSpan.Zero ? null : "is too short: a time is above zero";
            return wrong is null;
        }

        return false;
    }
}
