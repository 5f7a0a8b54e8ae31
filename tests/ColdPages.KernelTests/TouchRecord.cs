namespace ColdPages.KernelTests;

/// <summary>
/// What is right of a workload's memory, MiB by MiB: the pass that last saw it touched, and what was touched again after it had been idle. It starts before the first pass with all of it just touched.
/// </summary>
internal sealed class TouchRecord
{
    private const int Gone = -1;

    private readonly int[] _touchedIn;
    private readonly List<int> _promoted = [];
    private int _passes;
    private Range _hot;

    public TouchRecord(int totalMiB, int hotMiB)
    {
        _touchedIn = new int[totalMiB];
        _touchedIn.AsSpan().Fill(1);
        _hot = ..hotMiB;
    }

    /// <summary>MiB by age in passes, youngest first.</summary>
    public int[] Bins => [.. Enumerable.Range(0, _passes).Select(age => _touchedIn.Count(pass => pass != Gone && _passes - pass == age))];

    /// <summary>MiB touched again since the start, by how many passes they had been idle.</summary>
    public int[] Promoted => [.. Enumerable.Range(0, _passes).Select(age => age < _promoted.Count ? _promoted[age] : 0)];

    public void MoveHot(int fromMiB, int toMiB) => _hot = fromMiB..toMiB;

    /// <summary>Touched before the next pass.</summary>
    public void Touch(int fromMiB, int toMiB)
    {
        foreach (ref int touchedIn in _touchedIn.AsSpan(fromMiB..toMiB))
        {
            int age = _passes - touchedIn;
            while (_promoted.Count <= age)
                _promoted.Add(0);
            _promoted[age] += age > 0 ? 1 : 0;
            touchedIn = _passes + 1;
        }
    }

    /// <summary>Other memory in its place.</summary>
    public void Renew(int fromMiB, int toMiB) => _touchedIn.AsSpan(fromMiB..toMiB).Fill(_passes + 1);

    public void Free(int fromMiB, int toMiB) => _touchedIn.AsSpan(fromMiB..toMiB).Fill(Gone);

    /// <summary>Every second MiB of it.</summary>
    public void Halve(int fromMiB, int toMiB)
    {
        for (int mib = fromMiB + 1; mib < toMiB; mib += 2)
            Free(mib, mib + 1);
    }

    public void Pass(int passes = 1)
    {
        for (int pass = 0; pass < passes; pass++)
        {
            if (_passes > 0)
                Touch(_hot.Start.Value, _hot.End.Value);
            _passes++;
        }
    }
}
