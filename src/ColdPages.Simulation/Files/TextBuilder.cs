using System.Buffers.Text;

namespace ColdPages.Simulation;

/// <summary>The text of a kernel file, in a buffer that is used again.</summary>
internal sealed class TextBuilder
{
    private const int LongestNumber = 20;

    private byte[] _bytes = new byte[4096];
    private int _length;

    public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, _length);

    public void Clear() => _length = 0;

    public void Append(ReadOnlySpan<byte> text)
    {
        MakeRoom(text.Length);
        text.CopyTo(_bytes.AsSpan(_length));
        _length += text.Length;
    }

    public void Append(string text)
    {
        MakeRoom(System.Text.Encoding.UTF8.GetMaxByteCount(text.Length));
        _length += System.Text.Encoding.UTF8.GetBytes(text, _bytes.AsSpan(_length));
    }

    public void Append(long number)
    {
        MakeRoom(LongestNumber);
        Utf8Formatter.TryFormat(number, _bytes.AsSpan(_length), out int digits);
        _length += digits;
    }

    /// <summary>A number at the right end of a field of a width, or wider where it has more digits.</summary>
    public void AppendRight(long number, int width)
    {
        Span<byte> digits = stackalloc byte[LongestNumber];
        Utf8Formatter.TryFormat(number, digits, out int count);
        for (; width > count; width--)
            Append(" "u8);
        Append(digits[..count]);
    }

    /// <summary>A line "key number".</summary>
    public void AppendLine(ReadOnlySpan<byte> key, long number)
    {
        Append(key);
        Append(" "u8);
        AppendLine(number);
    }

    /// <summary>A line with a number.</summary>
    public void AppendLine(long number)
    {
        Append(number);
        Append("\n"u8);
    }

    private void MakeRoom(int more)
    {
        while (_length + more > _bytes.Length)
            Array.Resize(ref _bytes, _bytes.Length * 2);
    }
}
