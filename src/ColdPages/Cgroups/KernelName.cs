using System.Buffers;
using System.Text;

namespace ColdPages;

/// <summary>Names that come from the kernel are bytes; this turns them into text that loses nothing a person could need.</summary>
internal static class KernelName
{
    /// <summary>UTF-8 as it stands; bytes that are not UTF-8 become \xNN.</summary>
    public static string ToText(ReadOnlySpan<byte> name)
    {
        if (System.Text.Unicode.Utf8.IsValid(name))
            return Encoding.UTF8.GetString(name);
        StringBuilder text = new(name.Length + 8);
        while (!name.IsEmpty)
        {
            OperationStatus status = Rune.DecodeFromUtf8(name, out Rune rune, out int used);
            if (status == OperationStatus.Done)
            {
                text.Append(rune.ToString());
            }
            else
            {
                foreach (byte stray in name[..used])
                    text.Append($"\\x{stray:x2}");
            }

            name = name[used..];
        }

        return text.ToString();
    }
}
