using System.Buffers.Text;

namespace ColdPages;

/// <summary>
/// Who a pid is (/proc/PID/stat, Documentation/filesystems/proc.rst): its start time tells one process from the next that gets the
/// same pid, and the addresses of its code and stack tell one program from the next that it executes.
/// </summary>
internal readonly record struct ProcessStat(ulong StartTime, ulong StartCode, ulong StartStack, bool IsZombie)
{
    public static bool TryParse(ReadOnlySpan<byte> text, out ProcessStat stat)
    {
        stat = default;

        // The command stands in parentheses and may hold blanks and parentheses of its own; only the last one closes it.
        int close = text.LastIndexOf((byte)')');
        if (close < 0)
            return false;
        ReadOnlySpan<byte> rest = text[(close + 1)..];
        ReadOnlySpan<byte> state = TextLines.TakeField(ref rest); // field 3
        if (!Skip(ref rest, 18) || !TakeNumber(ref rest, out ulong startTime) // 22
            || !Skip(ref rest, 3) || !TakeNumber(ref rest, out ulong startCode) // 26
            || !Skip(ref rest, 1) || !TakeNumber(ref rest, out ulong startStack) // 28
            || rest.IsEmpty) // A number that nothing follows may have been cut short.
        {
            return false;
        }

        stat = new ProcessStat(startTime, startCode, startStack, state.SequenceEqual("Z"u8) || state.SequenceEqual("X"u8));
        return true;
    }

    private static bool Skip(ref ReadOnlySpan<byte> rest, int fields)
    {
        for (int i = 0; i < fields; i++)
        {
            if (TextLines.TakeField(ref rest).IsEmpty)
                return false;
        }

        return true;
    }

    private static bool TakeNumber(ref ReadOnlySpan<byte> rest, out ulong value)
    {
        ReadOnlySpan<byte> field = TextLines.TakeField(ref rest);
        return Utf8Parser.TryParse(field, out value, out int used) && used == field.Length;
    }
}
