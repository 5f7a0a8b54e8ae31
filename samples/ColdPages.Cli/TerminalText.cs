using System.Globalization;
using System.Text;

namespace ColdPages.Cli;

/// <summary>Makes names that come from the kernel harmless on a terminal: whoever may make a cgroup may name it "\x1b[2J".</summary>
internal static class TerminalText
{
    /// <summary>Control and invisible formatting characters as \xNN or \u{NNNN}; all else as it is.</summary>
    public static string Escape(string text, bool keepNewlines = false)
    {
        if (!NeedsEscape(text, keepNewlines))
            return text;
        StringBuilder safe = new(text.Length + 16);
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (!IsUnsafe(rune, keepNewlines))
                safe.Append(rune.ToString());
            else if (rune.Value < 0x80)
                safe.Append(CultureInfo.InvariantCulture, $"\\x{rune.Value:x2}");
            else
                safe.Append(CultureInfo.InvariantCulture, $"\\u{{{rune.Value:x}}}");
        }

        return safe.ToString();
    }

    private static bool NeedsEscape(string text, bool keepNewlines)
    {
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (IsUnsafe(rune, keepNewlines))
                return true;
        }

        return false;
    }

    // Format characters turn the direction of text; a lone surrogate is enumerated as U+FFFD, which is harmless.
    private static bool IsUnsafe(Rune rune, bool keepNewlines) =>
        Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator
            or UnicodeCategory.ParagraphSeparator or UnicodeCategory.OtherNotAssigned or UnicodeCategory.PrivateUse
        && !(keepNewlines && rune.Value == '\n');
}
