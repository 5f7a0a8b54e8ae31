using System.Text;

namespace ColdPages.Cli.Output;

/// <summary>What doctor found, for people: a line for what works, and below one for what does not, why, and what would bring it.</summary>
internal sealed class DiagnosisTable
{
    // Longer lines are hard to read, shorter ones cannot hold the longest name and a few words.
    private const int MaxWidth = 100;
    private const int MinWidth = 60;

    private const int Gap = 2;

    private sealed record Item(string Name, string? Why, string? Remedy, string? Detail, bool IsKnown = true);

    private readonly HostDiagnosis _diagnosis;
    private readonly int _width;
    private readonly int _nameWidth;

    public DiagnosisTable(HostDiagnosis diagnosis, int width)
    {
        _diagnosis = diagnosis;
        _width = Math.Clamp(width, MinWidth, MaxWidth);
        _nameWidth = diagnosis.Sources.Select(source => source.Source.ToName().Length).Concat(diagnosis.Features.Select(feature => feature.Name.Length)).Max();
    }

    public void Write(Stream output)
    {
        using StreamWriter writer = new(output, new UTF8Encoding(false), leaveOpen: true);
        WriteParagraph(writer, Summary(), 0);
        writer.WriteLine();
        writer.WriteLine("SOURCES");
        WriteItems(writer, _diagnosis.Sources.Select(source => new Item(source.Source.ToName(), source.Why, source.Remedy, source.Source == _diagnosis.Chosen ? "(chosen)" : null)));
        writer.WriteLine();
        writer.WriteLine("FEATURES");
        WriteItems(writer, _diagnosis.Features.Select(feature => new Item(feature.Name, feature.Why, feature.Remedy, feature.Detail, feature.IsKnown)));
        writer.WriteLine();
        writer.WriteLine("CONFLICTS");
        if (_diagnosis.Conflicts.Count == 0)
            WriteParagraph(writer, _diagnosis.Chosen is null ? "- not looked for: no source can be used" : "- none found", Gap);
        foreach (string conflict in _diagnosis.Conflicts)
            WriteParagraph(writer, "- " + conflict, Gap);
    }

    private string Summary()
    {
        string kernel = _diagnosis.Kernel is { } release ? $"Linux {release}. " : "";
        if (_diagnosis.Chosen is { } chosen)
            return $"{kernel}The source '{chosen.ToName()}' can be used.";
        if (_diagnosis.Requested != ColdPageSource.Auto)
            return $"{kernel}The source '{_diagnosis.Requested.ToName()}' cannot be used here.";
        return _diagnosis.Sources.Any(source => source is { Source: ColdPageSource.Referenced, IsUsable: true })
            ? $"{kernel}No source that sees all memory can be used here; 'coldpages report' would fall back to 'referenced'."
            : $"{kernel}No source can be used here.";
    }

    // What several in a row lack is said once.
    private void WriteItems(StreamWriter writer, IEnumerable<Item> items)
    {
        Item? above = null;
        foreach (Item item in items)
        {
            bool isSaid = item.Why is not null && (item.Why, item.Remedy) == (above?.Why, above?.Remedy);
            WriteItem(writer, isSaid ? item with { Why = "as above", Remedy = null } : item);
            above = item;
        }
    }

    private void WriteItem(StreamWriter writer, Item item)
    {
        string head = $"  {(item.Why is null ? "yes" : item.IsKnown ? "no" : "?"),-3}  {item.Name.PadRight(_nameWidth)}  ";
        string[] lines = [.. Wrap(item.Why ?? item.Detail ?? "", _width - head.Length), .. Wrap(item.Remedy is null ? "" : "→ " + item.Remedy, _width - head.Length)];
        writer.WriteLine((head + lines.FirstOrDefault()).TrimEnd());
        foreach (string line in lines.Skip(1))
            writer.WriteLine(new string(' ', head.Length) + line);
    }

    private void WriteParagraph(StreamWriter writer, string text, int indent)
    {
        foreach (string line in Wrap(text, _width - indent))
            writer.WriteLine(new string(' ', indent) + line);
    }

    // A word that is longer than a line, as a path can be, is not broken: it is to be copied.
    private static IEnumerable<string> Wrap(string text, int width)
    {
        StringBuilder line = new();
        foreach (string word in TerminalText.Escape(text).Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.Length > 0 && line.Length + 1 + word.Length > width)
            {
                yield return line.ToString();
                line.Clear();
            }

            line.Append(line.Length > 0 ? " " : "").Append(word);
        }

        if (line.Length > 0)
            yield return line.ToString();
    }
}
