using System.Text;
using Spectre.Console;

namespace ColdPages.Cli.Output;

/// <summary>Columns of text without borders: the first is a name, shortened to what the others leave of the width, those are to the right.</summary>
internal static class TextColumns
{
    private const int Gap = 2;
    private const int MinNameWidth = 24;

    /// <summary>A writer to the output, and a console on it. Its owner disposes it.</summary>
    public static StreamWriter Open(CliEnvironment environment, out IAnsiConsole console)
    {
        StreamWriter writer = new(environment.Output, new UTF8Encoding(false), leaveOpen: true);
        console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(writer),
            Ansi = environment.OutputIsTerminal ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = environment.OutputIsTerminal ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
        });

        // The table itself sees to it that a line is no longer than need be; wrapped, its cells could be read by nobody.
        console.Profile.Width = 4096;
        return writer;
    }

    /// <param name="headers">The columns' headers.</param>
    /// <param name="rows">The cells; the names are shortened.</param>
    /// <param name="width">How wide it may be.</param>
    /// <param name="isColored">Which columns stand out.</param>
    /// <param name="fits">Whether it is no wider.</param>
    public static Table Build(IReadOnlyList<string> headers, List<string[]> rows, int width, Func<int, bool> isColored, out bool fits)
    {
        int others = Enumerable.Range(1, headers.Count - 1).Sum(i => Gap + rows.Select(row => row[i].Length).Append(headers[i].Length).Max());
        fits = width - others >= MinNameWidth;
        int room = Math.Max(MinNameWidth, width - others);
        Table table = new() { Border = TableBorder.None };
        for (int i = 0; i < headers.Count; i++)
        {
            Style style = new(isColored(i) ? Color.Blue : null, decoration: Decoration.Bold);
            TableColumn column = new TableColumn(new Text(headers[i], style)) { Padding = new Padding(0, 0, Gap, 0) }.NoWrap();
            table.AddColumn(i == 0 ? column : column.RightAligned());
        }

        foreach (string[] row in rows)
        {
            row[0] = Shorten(row[0], room);
            table.AddRow(row.Select((cell, i) => new Text(cell, isColored(i) ? new Style(Color.Blue) : Style.Plain)));
        }

        return table;
    }

    // The end of a container's name tells it from its siblings, the beginning what it is.
    private static string Shorten(string name, int room)
    {
        if (name.Length <= room)
            return name;
        int tail = (room - 1) / 2;
        return string.Concat(name.AsSpan(0, room - 1 - tail), "…", name.AsSpan(name.Length - tail));
    }
}
