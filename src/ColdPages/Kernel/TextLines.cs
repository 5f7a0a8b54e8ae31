namespace ColdPages;

/// <summary>Walks the lines of a text, and the fields of a line, without making strings.</summary>
internal ref struct TextLines(ReadOnlySpan<byte> text)
{
    private ReadOnlySpan<byte> _rest = text;

    public ReadOnlySpan<byte> Current { get; private set; }

    public readonly TextLines GetEnumerator() => this;

    /// <summary>The next line without its newline; what stands behind the last newline is a line too.</summary>
    public bool MoveNext()
    {
        if (_rest.IsEmpty)
            return false;
        int end = _rest.IndexOf((byte)'\n');
        Current = end < 0 ? _rest : _rest[..end];
        _rest = end < 0 ? default : _rest[(end + 1)..];
        return true;
    }

    /// <summary>Takes the next field off a line: what stands before the next run of blanks. Empty at the end.</summary>
    public static ReadOnlySpan<byte> TakeField(scoped ref ReadOnlySpan<byte> line)
    {
        int start = 0;
        while (start < line.Length && line[start] is (byte)' ' or (byte)'\t')
            start++;
        int end = start;
        while (end < line.Length && line[end] is not ((byte)' ' or (byte)'\t'))
            end++;
        ReadOnlySpan<byte> field = line[start..end];
        line = line[end..];
        return field;
    }
}
