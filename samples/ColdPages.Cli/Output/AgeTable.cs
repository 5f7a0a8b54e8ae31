using System.Globalization;
using ColdPages.Cli.Commands;
using Spectre.Console;

namespace ColdPages.Cli.Output;

/// <summary>The table of a report: a line a memcg, a column for each age, the cold share as a bar.</summary>
internal sealed class AgeTable
{
    private const int MaxAgeColumns = 4;
    private const int BarWidth = 10;
    private const int FirstAge = 3;

    private readonly ColdPageSnapshot _snapshot;
    private readonly IReadOnlyList<MemcgAges> _memcgs;
    private readonly ReportSettings _settings;
    private readonly MemcgNames _names;
    private readonly TimeSpan[] _edges;
    private readonly TimeSpan? _cold;
    private readonly List<TimeSpan> _ages;

    public AgeTable(ColdPageSnapshot snapshot, IReadOnlyList<MemcgAges> memcgs, ReportSettings settings)
    {
        _snapshot = snapshot;
        _memcgs = memcgs;
        _settings = settings;
        _names = new MemcgNames(settings);
        _edges = [.. snapshot.Unattributed.Select(bin => bin.From).Skip(1)];
        _cold = ColdAge.Choose(_edges, settings);
        _ages = ChooseAges();
    }

    public void Write(CliEnvironment environment)
    {
        using StreamWriter writer = TextColumns.Open(environment, out IAnsiConsole console);
        console.Write(Build(environment.OutputWidth));
        writer.WriteLine();
        List<AgeHistogram> tops = [_snapshot.Unattributed, .. _snapshot.Memcgs.Where(memcg => memcg.Depth == 0).Select(memcg => memcg.Idle())];
        WriteSummary(writer, tops);
        if (!_snapshot.Confidence.IsActionable)
            writer.WriteLine($"These numbers are not to be acted upon: {TerminalText.Escape(MainDoubt(tops))}; see the notes.");
    }

    private Table Build(int width)
    {
        // Where the terminal is narrow the ages between are the first to go.
        while (true)
        {
            Table table = Build(width, out bool fits);
            int between = _ages.FindIndex(age => age != _cold);
            if (fits || between < 0)
                return table;
            _ages.RemoveAt(between);
        }
    }

    private Table Build(int width, out bool fits)
    {
        List<string[]> rows = [];
        foreach (MemcgAges memcg in _memcgs)
            rows.Add(Row(_names.Of(memcg), memcg.ResidentBytes(_settings.Scope), memcg.Idle(_settings.Scope)));
        if (_snapshot.Unattributed.TotalBytes > 0)
            rows.Add(Row("(of no cgroup seen here)", null, _snapshot.Unattributed));
        foreach (ProcessAges process in _snapshot.Processes)
            rows.Add(Row($"process {process.Pid} {process.Name}", null, process.Idle));

        string[] headers = ["MEMCG", "RESIDENT", "TRACKED", .. _ages.Select(age => $"{(age == _cold ? "COLD" : "IDLE")} ≥{Units.Time(age)}"), .. _cold is not null ? ["COLD SHARE"] : Array.Empty<string>()];
        return TextColumns.Build(headers, rows, width, IsCold, out fits);

        bool IsCold(int column) => column >= FirstAge && column - FirstAge < _ages.Count && _ages[column - FirstAge] == _cold;
    }

    private string[] Row(string name, long? resident, AgeHistogram idle) =>
    [
        TerminalText.Escape(name), resident is { } bytes ? Units.Size(bytes) : "-", Units.Size(idle.TotalBytes),
        .. _ages.Select(age => Units.Size(idle.BytesOlderThan(age))), .. _cold is { } cold ? [Share(idle, cold)] : Array.Empty<string>(),
    ];

    private static string Share(AgeHistogram idle, TimeSpan cold)
    {
        double share = idle.TotalBytes == 0 ? 0 : (double)idle.BytesOlderThan(cold).AtLeast / idle.TotalBytes;
        int full = (int)Math.Round(share * BarWidth);
        return string.Create(CultureInfo.InvariantCulture, $"{new string('█', full)}{new string('░', BarWidth - full)} {share * 100,3:F0}%");
    }

    // Cumulative columns: idle for at least so long. Too many edges are thinned out, but never the age that is called cold.
    private List<TimeSpan> ChooseAges()
    {
        int step = Math.Max(1, (_edges.Length + MaxAgeColumns - 1) / MaxAgeColumns);
        IEnumerable<TimeSpan> some = _edges.Where((_, i) => (_edges.Length - 1 - i) % step == 0);
        return [.. (_cold is { } cold ? some.Append(cold) : some).Distinct().Order()];
    }

    private void WriteSummary(StreamWriter writer, List<AgeHistogram> tops)
    {
        if (_cold is { } age)
        {
            ByteBounds cold = tops.Select(top => top.BytesOlderThan(age)).Aggregate(ByteBounds.Add);
            string verb = !_snapshot.Confidence.IsActionable ? "may have" : Units.Size(cold.AtLeast) == Units.Size(cold.AtMost) ? "has" : "have";
            writer.WriteLine($"{Units.Size(cold)} of {Units.Size(Total(tops))} tracked {verb} been idle for {Units.Time(age)} or longer.");
        }
        else
        {
            writer.WriteLine(WhyNotKnown());
        }

        ScanCost cost = _snapshot.Cost;
        writer.WriteLine(
            $"{_snapshot.Scans} passes over {_snapshot.Source.ToName()} took {(cost.UserCpu + cost.KernelCpu).TotalMilliseconds:F0} ms of CPU, {cost.KernelCpu.TotalMilliseconds:F0} ms of them in the kernel {TerminalText.Escape(_snapshot.Kernel)}.");
    }

    private string WhyNotKnown()
    {
        if (_edges.Length == 0 || _settings.OlderThan is not { } asked)
            return "No age is known: fewer than two passes in a row went well. Take more --scans.";
        string watched = Units.Time(_edges[^1]);
        if (_edges.Length < _snapshot.Scans - 1)
        {
            string passes = _edges.Length == 1 ? "1 pass" : $"{_edges.Length} passes";
            return $"Ages are told up to {passes} only, which is {watched} here: what is idle for {Units.Time(asked)} is not known. Take a longer --interval or a shorter --older-than.";
        }

        return $"Watched for {watched} only: what is idle for {Units.Time(asked)} is not known. Take more --scans, a longer --interval or a shorter --older-than.";
    }

    // The heaviest doubt comes first. Without one that weighs enough it is passes that failed.
    private string MainDoubt(List<AgeHistogram> tops)
    {
        ScanConfidence confidence = _snapshot.Confidence;
        if (confidence.DoubtfulBytes <= Total(tops) / 100 || confidence.Doubts.Count == 0)
            return "fewer than two passes went well";
        string doubt = confidence.Doubts[0];
        int end = doubt.IndexOf(". ", StringComparison.Ordinal);
        return end < 0 ? doubt.TrimEnd('.') : doubt[..end];
    }

    private static long Total(List<AgeHistogram> tops) => tops.Sum(static top => top.TotalBytes);
}
