using System.Globalization;

namespace ColdPages.Tests;

/// <summary>Processes whose pages remember when they were truly touched last, beside what the host in memory shows of them.</summary>
internal sealed class TouchModel
{
    private const int PageBytes = 4096;

    private readonly ReferencedRun _run;
    private readonly SortedDictionary<int, Touched> _living = [];
    private readonly List<long> _readInPass = [];
    private int _nextPid = 1;
    private ulong _nextIdentity = 1;

    public TouchModel(ReferencedRun run)
    {
        _run = run;
        run.Host.OnOpen = OnOpen;
    }

    /// <summary>What happens between the read of a process and the clear of its bits, the process given.</summary>
    public Action<int>? BeforeClear { get; set; }

    /// <summary>What happens while a process is read.</summary>
    public Action<int>? WhileRead { get; set; }

    public int? Pick(byte number) => _living.Count == 0 ? null : _living.Keys.ElementAt(number % _living.Count);

    public void Start(string cgroup, int pages, int? pid = null)
    {
        int chosen = pid ?? _nextPid++;
        FakeMapping mapping = new() { Rss = pages * PageBytes, Name = "[heap]" };
        FakeProcess process = _run.Host.AddProcess(chosen, cgroup, mapping);
        process.StartTime = _nextIdentity++;
        _living[chosen] = new Touched(process, mapping, NewPages(process, pages));
    }

    public void Exit(int pid)
    {
        _living.Remove(pid);
        _run.Host.Processes.Remove(pid);
    }

    public void Execute(int pid, int pages)
    {
        Touched touched = _living[pid];
        touched.Process.StartCode = _nextIdentity++;
        touched.Mapping.Rss = pages * PageBytes;
        _living[pid] = touched with { Pages = NewPages(touched.Process, pages) };
        Show(pid);
    }

    public void Grow(int pid, int pages)
    {
        Touched touched = _living[pid];
        _living[pid] = touched with { Pages = [.. touched.Pages, .. NewPages(touched.Process, pages)] };
        touched.Mapping.Rss += pages * PageBytes;
        Show(pid);
    }

    /// <summary>Touches every page whose bit is set in the pattern, over and over.</summary>
    public void Touch(int pid, byte pattern)
    {
        Page[] pages = _living[pid].Pages;
        for (int i = 0; i < pages.Length; i++)
        {
            if ((pattern & (1 << (i % 8))) != 0)
                pages[i] = NewPage(_living[pid].Process);
        }

        Show(pid);
    }

    public void Move(int pid, string cgroup) => _living[pid].Process.Cgroup = cgroup;

    public void BeginPass() => _readInPass.Clear();

    /// <summary>Bytes of all processes that the pass has read whole.</summary>
    public long BytesRead => PageBytes * (long)_readInPass.Count;

    /// <summary>Of the bytes that the pass has read: those truly not touched for as long, at its start.</summary>
    public long BytesUntouchedFor(TimeSpan age) =>
        PageBytes * _readInPass.LongCount(lastTouch => _run.Time.GetElapsedTime(lastTouch, _run.Clock.CurrentStart) >= age);

    private Errno OnOpen(string path, KernelFileAccess access)
    {
        if (path.Split('/') is not ["", "proc", { } number, { } file] || !int.TryParse(number, CultureInfo.InvariantCulture, out int pid)
            || !_living.TryGetValue(pid, out Touched? before))
        {
            return Errno.None;
        }

        if (file == "smaps")
        {
            ulong program = before.Process.StartCode;
            WhileRead?.Invoke(pid);

            // One that exits or executes meanwhile must not be counted at all.
            if (_living.ContainsKey(pid) && before.Process.StartCode == program)
                _readInPass.AddRange(before.Pages.Select(page => page.LastTouch));
        }
        else if (file == "clear_refs")
        {
            BeforeClear?.Invoke(pid);
        }

        return Errno.None;
    }

    // A page's accessed bit is set from its touch until the next clear.
    private void Show(int pid)
    {
        Touched touched = _living[pid];
        touched.Mapping.Referenced = PageBytes * touched.Pages.LongCount(page => page.ClearsBefore == touched.Process.Clears);
    }

    private Page[] NewPages(FakeProcess process, int count) => [.. Enumerable.Repeat(NewPage(process), count)];

    private Page NewPage(FakeProcess process) => new(_run.Time.GetTimestamp(), process.Clears);

    /// <summary>When it was touched last, and how often the process's bits had been cleared by then.</summary>
    private readonly record struct Page(long LastTouch, int ClearsBefore);

    private sealed record Touched(FakeProcess Process, FakeMapping Mapping, Page[] Pages);
}
