using System.Buffers.Text;

namespace ColdPages;

/// <summary>A line "key number", as in memory.stat and vmstat, or "Key:   number kB", as in meminfo and smaps.</summary>
internal static class KeyedNumber
{
    /// <summary>Reads such a line; kB become bytes. False for any other line.</summary>
    public static bool TryParse(ReadOnlySpan<byte> line, out ReadOnlySpan<byte> key, out long value)
    {
        key = TextLines.TakeField(ref line);
        if (!key.IsEmpty && key[^1] == (byte)':')
            key = key[..^1];
        ReadOnlySpan<byte> number = TextLines.TakeField(ref line);
        if (key.IsEmpty || !Utf8Parser.TryParse(number, out value, out int used) || used != number.Length)
        {
            value = 0;
            return false;
        }

        if (TextLines.TakeField(ref line).SequenceEqual("kB"u8))
            value = value > long.MaxValue / 1024 ? long.MaxValue : value * 1024;
        return true;
    }

    /// <summary>The number of a file that holds just one, as memory.current; "max" is the largest long, anything else null.</summary>
    public static long? ParseSingle(ReadOnlySpan<byte> text)
    {
        ReadOnlySpan<byte> number = TextLines.TakeField(ref text);
        if (!number.IsEmpty && number[^1] == (byte)'\n')
            number = number[..^1];
        if (number.SequenceEqual("max"u8))
            return long.MaxValue;
        return Utf8Parser.TryParse(number, out long value, out int used) && used == number.Length && value >= 0 ? value : null;
    }
}
