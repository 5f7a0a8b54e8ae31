using System.Globalization;
using System.Text;
using ColdPages.Cli.Commands;
using Spectre.Console;

namespace ColdPages.Cli.Output;

/// <summary>The table of a report: a line a memcg, a column for each age, the cold share as a bar.</summary>
internal sealed class AgeTable
{
    private const int MaxAgeColumns = 4;
    private const int BarWidth = 10;
    private const int FirstAge = 3;
    private const int Gap = 2;
    private const int MinNameWidth = 24;

    private readonly ColdPageSnapshot _snapshot;
    private readonly IReadOnlyList<MemcgAges> _memcgs;
    private readonly ReportSettings _settings;
    private readonly List<(TimeSpan Edge, string Header, bool IsCold)> _ages = [];

    public AgeTable(ColdPageSnapshot snapshot, IReadOnlyList<MemcgAges> memcgs, ReportSettings settings)
    {
        _snapshot = snapshot;
        _memcgs = memcgs;
        _settings = settings;
        ChooseAges();
    }

    // Not when the watch was shorter than the age asked for.
    private bool KnowsCold => _ages.Any(static age => age.IsCold);

    public void Write(CliEnvironment environment)
    {
        using StreamWriter writer = new(environment.Output, new UTF8Encoding(false), leaveOpen: true);
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(writer),
            Ansi = environment.OutputIsTerminal ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = environment.OutputIsTerminal ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
        });

        // The table itself sees to it that a line is no longer than need be; wrapped, its cells could be read by nobody.
        console.Profile.Width = 4096;
        console.Write(Build(environment.OutputWidth));
        writer.WriteLine();
        WriteSummary(writer);
    }

    private Table Build(int width)
    {
        // Where the terminal is narrow the ages between are the first to go.
        while (true)
        {
            Table table = Build(width, out bool fits);
            int between = _ages.FindIndex(static age => !age.IsCold);
            if (fits || between < 0)
                return table;
            _ages.RemoveAt(between);
        }
    }

    private Table Build(int width, out bool fits)
    {
        List<string[]> rows = [];
        foreach (MemcgAges memcg in _memcgs)
            rows.Add(Row(Name(memcg), memcg.ResidentBytes(_settings.Scope), memcg.Idle(_settings.Scope)));
        if (_snapshot.Unattributed.TotalBytes > 0)
            rows.Add(Row("(of no cgroup seen here)", null, _snapshot.Unattributed));
        foreach (ProcessAges process in _snapshot.Processes)
            rows.Add(Row($"process {process.Pid} {process.Name}", null, process.Idle));

        string[] headers = ["MEMCG", "RESIDENT", "TRACKED", .. _ages.Select(age => age.Header), .. KnowsCold ? ["COLD SHARE"] : Array.Empty<string>()];
        int others = Enumerable.Range(1, headers.Length - 1).Sum(i => Gap + rows.Select(row => row[i].Length).Append(headers[i].Length).Max());
        fits = width - others >= MinNameWidth;
        int room = Math.Max(MinNameWidth, width - others);
        Table table = new() { Border = TableBorder.None };
        for (int i = 0; i < headers.Length; i++)
        {
            Style style = new(IsCold(i) ? Color.Blue : null, decoration: Decoration.Bold);
            TableColumn column = new TableColumn(new Text(headers[i], style)) { Padding = new Padding(0, 0, Gap, 0) }.NoWrap();
            table.AddColumn(i == 0 ? column : column.RightAligned());
        }

        foreach (string[] row in rows)
        {
            row[0] = Shorten(row[0], room);
            table.AddRow(row.Select((cell, i) => new Text(cell, IsCold(i) ? new Style(Color.Blue) : Style.Plain)));
        }

        return table;

        bool IsCold(int column) => column >= FirstAge && column - FirstAge < _ages.Count && _ages[column - FirstAge].IsCold;
    }

    private string[] Row(string name, long? resident, AgeHistogram idle) =>
    [
        TerminalText.Escape(name), resident is { } bytes ? Units.Size(bytes) : "-", Units.Size(idle.TotalBytes),
        .. _ages.Select(age => Units.Size(idle.BytesOlderThan(age.Edge))), .. KnowsCold ? [Share(idle)] : Array.Empty<string>(),
    ];

    // The end of a container's name tells it from its siblings, the beginning what it is.
    private static string Shorten(string name, int room)
    {
        if (name.Length <= room)
            return name;
        int tail = (room - 1) / 2;
        return string.Concat(name.AsSpan(0, room - 1 - tail), "…", name.AsSpan(name.Length - tail));
    }

    private string Share(AgeHistogram idle)
    {
        long cold = Cold(idle).AtLeast;
        double share = idle.TotalBytes == 0 ? 0 : (double)cold / idle.TotalBytes;
        int full = (int)Math.Round(share * BarWidth);
        return string.Create(CultureInfo.InvariantCulture, $"{new string('█', full)}{new string('░', BarWidth - full)} {share * 100,3:F0}%");
    }

    // The first edge that is old enough: measured ages are a little over the interval, so 4 s asked for is the edge at 4.003 s.
    private ByteBounds Cold(AgeHistogram idle) => idle.BytesOlderThan(_ages.Find(static age => age.IsCold).Edge);

    // Cumulative columns: idle for at least so long. Too many edges are thinned out, but never the one that is called cold.
    private void ChooseAges()
    {
        List<TimeSpan> edges = [.. _snapshot.Unattributed.Select(bin => bin.From).Skip(1)];
        int cold = edges.FindIndex(edge => edge >= _settings.OlderThan);
        int step = Math.Max(1, (edges.Count + MaxAgeColumns - 1) / MaxAgeColumns);
        for (int i = 0; i < edges.Count; i++)
        {
            bool isCold = i == cold;
            if (isCold)
                _ages.Add((edges[i], $"COLD ≥{Units.Seconds(_settings.OlderThan)}", true));
            else if ((edges.Count - 1 - i) % step == 0)
                _ages.Add((edges[i], $"IDLE ≥{Units.Seconds(edges[i])}", false));
        }
    }

    private string Name(MemcgAges memcg)
    {
        if (_settings.Top is not null)
            return memcg.Path;
        string path = memcg.Path;
        int depth = memcg.Depth;
        return depth == 0 ? path : new string(' ', depth * 2) + path[(path.LastIndexOf('/') + 1)..];
    }

    private void WriteSummary(StreamWriter writer)
    {
        string age = Units.Seconds(_settings.OlderThan);
        if (KnowsCold)
        {
            List<AgeHistogram> tops = [_snapshot.Unattributed, .. _snapshot.Memcgs.Where(memcg => memcg.Depth == 0).Select(memcg => memcg.Idle())];
            ByteBounds cold = tops.Select(Cold).Aggregate(ByteBounds.Add);
            writer.WriteLine($"{Units.Size(cold)} of {Units.Size(tops.Sum(top => top.TotalBytes))} tracked has been idle for {age} or longer.");
        }
        else
        {
            string watched = Units.Seconds(_snapshot.Unattributed[^1].From);
            writer.WriteLine($"Watched for {watched} only: what is idle for {age} is not known. Take more --scans, a longer --interval or a shorter --older-than.");
        }

        ScanCost cost = _snapshot.Cost;
        writer.WriteLine(
            $"{_snapshot.Scans} passes over {_snapshot.Source.ToName()} took {(cost.UserCpu + cost.KernelCpu).TotalMilliseconds:F0} ms of CPU, {cost.KernelCpu.TotalMilliseconds:F0} ms of them in the kernel {TerminalText.Escape(_snapshot.Kernel)}.");
    }
}
