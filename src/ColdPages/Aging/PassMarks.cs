namespace ColdPages;

/// <summary>Which pass is under way, and which marks have to be free for it.</summary>
internal sealed class PassMarks
{
    private readonly List<byte> _due = [];

    /// <summary>The pass under way, or the last one; -1 before the first.</summary>
    public int Pass { get; private set; } = -1;

    /// <summary>Begins a pass: the marks to be retired, also those of passes that never came so far.</summary>
    public List<byte> Begin(int pass)
    {
        _due.Clear();
        for (int p = Math.Max(Pass + 1, pass - PassMark.Count); p <= pass; p++)
            _due.Add(PassMark.Of(p));
        Pass = pass;
        return _due;
    }
}
