namespace ColdPages;

/// <summary>
/// Walks the text of /sys/kernel/debug/lru_gen (lru_gen_seq_show in mm/vmscan.c), a generation at a time. What lru_gen_full puts between is passed over; a line that is none of
/// these is counted, and all that it would have been the head of is passed over too.
/// </summary>
internal ref struct LruGenText(ReadOnlySpan<byte> text)
{
    private TextLines _lines = new(text);
    private ulong _memcgId;
    private ReadOnlySpan<byte> _path;
    private bool _hasMemcg;
    private int _node = -1;
    private bool _isFirst;

    public LruGeneration Current { get; private set; }

    /// <summary>Lines that could not be understood so far.</summary>
    public int Malformed { get; private set; }

    public bool MoveNext()
    {
        while (_lines.MoveNext())
        {
            ReadOnlySpan<byte> line = _lines.Current;
            if (line.StartsWith("memcg "u8))
                TakeMemcg(line["memcg "u8.Length..]);
            else if (line.StartsWith(" node "u8))
                TakeNode(line[" node "u8.Length..]);
            else if (TryTakeGeneration(line))
                return true;
        }

        return false;
    }

    // "memcg     2 /a b": a path may hold blanks, also at its end, and there is none where the kernel has no cgroups.
    private void TakeMemcg(ReadOnlySpan<byte> rest)
    {
        _node = -1;
        _hasMemcg = TryTakeNumber(ref rest, out _memcgId) && (rest.IsEmpty || rest[0] == (byte)' ');
        _path = rest.IsEmpty ? default : rest[1..];
        Malformed += _hasMemcg ? 0 : 1;
    }

    private void TakeNode(ReadOnlySpan<byte> rest)
    {
        bool ok = TryTakeNumber(ref rest, out ulong node) && rest.IsEmpty && node <= int.MaxValue && _hasMemcg;
        _node = ok ? (int)node : -1;
        _isFirst = true;
        Malformed += ok ? 0 : 1;
    }

    // "          1      47390          0       12290 ": in lru_gen_full an "x" instead of the blank behind a size says that there is no such generation any more.
    private bool TryTakeGeneration(ReadOnlySpan<byte> line)
    {
        if (line.IsEmpty)
            return false;
        ReadOnlySpan<byte> rest = line;
        bool isNumber = TryTakeNumber(ref rest, out ulong sequence);
        ReadOnlySpan<byte> age = rest;
        if (isNumber && TryTakeNumber(ref rest, out ulong milliseconds) && !rest.IsEmpty && rest[0] == (byte)' '
            && TryTakeSize(ref rest, out long anon) && TryTakeSize(ref rest, out long file) && rest.IsEmpty && _node >= 0)
        {
            Current = new LruGeneration
            {
                MemcgId = _memcgId,
                Path = _path,
                Node = _node,
                IsFirst = _isFirst,
                Sequence = sequence,
                AgeMilliseconds = milliseconds,
                AnonPages = anon,
                FilePages = file,
            };
            _isFirst = false;
            return true;
        }

        Malformed += IsOfLruGenFull(line, isNumber, age) ? 0 : 1;
        return false;
    }

    // Tiers, "          0          0r          0e          0p ...", and what page table walks did, "          0t          0y          0f          0a": 12 blanks or more before the first.
    private static bool IsOfLruGenFull(ReadOnlySpan<byte> line, bool isNumber, ReadOnlySpan<byte> rest)
    {
        const int Indent = 12;
        if (line.Length <= Indent || line[..Indent].ContainsAnyExcept((byte)' '))
            return false;
        if (!isNumber)
            rest = line;
        bool any = false;
        ReadOnlySpan<byte> field;
        while (!(field = TextLines.TakeField(ref rest)).IsEmpty)
        {
            if (!char.IsAsciiLetter((char)field[^1]) || field[..^1].ContainsAnyExceptInRange((byte)'0', (byte)'9'))
                return false;
            any = true;
        }

        return any;
    }

    private static bool TryTakeSize(ref ReadOnlySpan<byte> rest, out long size)
    {
        size = 0;
        if (!TryTakeNumber(ref rest, out ulong value) || value > long.MaxValue)
            return false;
        size = (long)value;
        if (rest.IsEmpty)
            return true;
        if (rest[0] is not ((byte)' ' or (byte)'x'))
            return false;
        rest = rest[1..];
        return true;
    }

    // Blanks, then digits. A number that is too large is none.
    private static bool TryTakeNumber(ref ReadOnlySpan<byte> rest, out ulong value)
    {
        int at = 0;
        while (at < rest.Length && rest[at] == (byte)' ')
            at++;
        int first = at;
        value = 0;
        for (; at < rest.Length; at++)
        {
            uint digit = (uint)rest[at] - '0';
            if (digit > 9)
                break;
            if (value > (ulong.MaxValue - digit) / 10)
                return false;
            value = (value * 10) + digit;
        }

        rest = rest[at..];
        return at > first;
    }
}

/// <summary>One generation of the pages of a memcg on a node.</summary>
internal readonly ref struct LruGeneration
{
    /// <summary>What commands call the memcg: a small number of its own up to Linux 6.x, the cgroup's id, which is its inode, later.</summary>
    public required ulong MemcgId { get; init; }

    /// <summary>Its path from the hierarchy's root. A removed one is listed too, while it has pages.</summary>
    public required ReadOnlySpan<byte> Path { get; init; }

    public required int Node { get; init; }

    /// <summary>Whether it is the first, the oldest, of this memcg on this node.</summary>
    public required bool IsFirst { get; init; }

    public required ulong Sequence { get; init; }

    /// <summary>Since it was the youngest one first.</summary>
    public required ulong AgeMilliseconds { get; init; }

    /// <summary>Shared memory included: it is on the same lists.</summary>
    public required long AnonPages { get; init; }

    public required long FilePages { get; init; }
}
