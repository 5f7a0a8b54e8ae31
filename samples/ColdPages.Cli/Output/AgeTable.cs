using System.Text;
using ColdPages.Cli.Commands;
using Spectre.Console;

namespace ColdPages.Cli.Output;

/// <summary>The table of a report: a line a memcg, a column for each age, the cold share as a bar.</summary>
internal sealed class AgeTable
{
    private const int MaxAgeColumns = 4;
    private const int BarWidth = 10;

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

    public void Write(CliEnvironment environment)
    {
        using StreamWriter writer = new(environment.Output, new UTF8Encoding(false), leaveOpen: true);
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(writer),
            Ansi = environment.OutputIsTerminal ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = environment.OutputIsTerminal ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
        });

        // In a file or a pipe a line may be as long as it likes; wrapped it could not be read by anything.
        if (environment.OutputIsTerminal)
            console.Profile.Width = Math.Max(60, Console.WindowWidth);
        else
            console.Profile.Width = 4096;
        console.Write(Build());
        writer.WriteLine();
        WriteSummary(writer);
    }

    private Table Build()
    {
        Table table = new() { Border = TableBorder.None, ShowRowSeparators = false };
        table.AddColumn(new TableColumn(new Text("MEMCG", new Style(decoration: Decoration.Bold))) { Padding = new Padding(0, 0, 2, 0) });
        AddNumbers(table, "RESIDENT");
        AddNumbers(table, "TRACKED");
        foreach ((_, string header, bool isCold) in _ages)
            AddNumbers(table, header, isCold);
        table.AddColumn(new TableColumn(new Text("COLD SHARE", new Style(decoration: Decoration.Bold))).NoWrap());
        foreach (MemcgAges memcg in _memcgs)
            AddRow(table, Name(memcg), memcg.ResidentBytes(_settings.Scope), memcg.Idle(_settings.Scope));
        if (_snapshot.Unattributed.TotalBytes > 0)
            AddRow(table, "(of no cgroup seen here)", null, _snapshot.Unattributed);
        foreach (ProcessAges process in _snapshot.Processes)
            AddRow(table, $"process {process.Pid} {process.Name}", null, process.Idle);
        return table;
    }

    private static void AddNumbers(Table table, string header, bool isCold = false) =>
        table.AddColumn(new TableColumn(new Text(header, Bold(isCold))).RightAligned().NoWrap());

    private void AddRow(Table table, string name, long? resident, AgeHistogram idle)
    {
        List<Text> cells = [new(TerminalText.Escape(name)), new(resident is { } bytes ? Units.Size(bytes) : "-"), new(Units.Size(idle.TotalBytes))];
        foreach ((TimeSpan edge, _, bool isCold) in _ages)
            cells.Add(new Text(Units.Size(idle.BytesOlderThan(edge)), isCold ? new Style(Color.Blue) : Style.Plain));
        cells.Add(Share(idle));
        table.AddRow(cells);
    }

    private Text Share(AgeHistogram idle)
    {
        long cold = Cold(idle).AtLeast;
        double share = idle.TotalBytes == 0 ? 0 : (double)cold / idle.TotalBytes;
        int full = (int)Math.Round(share * BarWidth);
        return new Text($"{new string('█', full)}{new string('░', BarWidth - full)} {share * 100,3:F0}%");
    }

    // The first edge that is old enough: measured ages are a little over the interval, so 4 s asked for is the edge at 4.003 s.
    private ByteBounds Cold(AgeHistogram idle)
    {
        int place = _ages.FindIndex(static age => age.IsCold);
        return idle.BytesOlderThan(place < 0 ? _settings.OlderThan : _ages[place].Edge);
    }

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
        ByteBounds cold = Cold(_snapshot.Unattributed);
        long tracked = _snapshot.Unattributed.TotalBytes;
        foreach (MemcgAges top in _snapshot.Memcgs.Where(memcg => memcg.Depth == 0))
        {
            AgeHistogram idle = top.Idle();
            cold += Cold(idle);
            tracked += idle.TotalBytes;
        }

        string age = Units.Seconds(_settings.OlderThan);
        TimeSpan watched = _snapshot.Unattributed.Count == 0 ? TimeSpan.Zero : _snapshot.Unattributed[^1].From;
        writer.WriteLine(watched < _settings.OlderThan
            ? $"Watched for {Units.Seconds(watched)} only: what is idle for {age} is not known. Take more --scans, a longer --interval or a shorter --older-than."
            : $"{Units.Size(cold)} of {Units.Size(tracked)} tracked has been idle for {age} or longer.");
        ScanCost cost = _snapshot.Cost;
        writer.WriteLine(
            $"{_snapshot.Scans} passes over {_snapshot.Source.ToName()} took {(cost.UserCpu + cost.KernelCpu).TotalMilliseconds:F0} ms of CPU, {cost.KernelCpu.TotalMilliseconds:F0} ms of them in the kernel {TerminalText.Escape(_snapshot.Kernel)}.");
    }

    private static Style Bold(bool isCold) => new(isCold ? Color.Blue : null, decoration: Decoration.Bold);
}
