using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace ColdPages.Cli.Commands;

/// <summary>The options of report, which every command that scans shares.</summary>
internal sealed class ReportOptions
{
    // Two passes are the fewest that tell an age.
    private const int MinScans = 2;
    private const int DefaultScans = 3;
    private const int MaxScans = 1_000_000;

    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(2);

    private readonly Option<ColdPageSource?> _source = Source("Where the evidence of accesses comes from: auto, idle-bitmap, mglru, referenced or simulated. Default: auto.");

    private readonly Option<TimeSpan?> _interval = Duration("--interval", "From the end of a pass to the start of the next. Default: 2s.");

    private readonly Option<int?> _scans = Number("--scans", "Number of passes. The first only marks, so N passes watch for N-1 intervals. Default: 3.", MinScans, MaxScans);

    private readonly Option<int?> _confirm = Number(
        "--confirm", "Take for idle what so many passes in a row found so; the rest is told as perhaps idle. 2 where DAMON runs, or as a precaution. Default: 1.", 1, 254);

    private readonly Option<bool> _passive = new("--passive") { Description = "Change nothing on the host. With the source mglru only, which then tells how old memory may be at most." };

    private readonly Option<TimeSpan?> _olderThan =
        Duration("--older-than", "The idle age from which the table calls memory cold. Default: the oldest that is told, which is 4s unless said otherwise.");

    private readonly Option<string?> _memcg = new("--memcg")
    {
        Description = "Only this memory cgroup and those below it, as in /kubepods.",
        HelpName = "PATH",
        CustomParser = static result => Word(result) is ['/', ..] ? "/" + Word(result).Trim('/') : Wrong<string?>(result, "is no path of a memcg; it begins with a slash, as in /kubepods"),
    };

    private readonly Option<int?> _pid = Number("--pid", "Tell the memory of this process apart. With the source referenced only.", 1);

    private readonly Option<bool> _local = new("--local") { Description = "Count for each cgroup its own pages alone, not those of the cgroups below it." };

    private readonly Option<bool> _detail = new("--detail")
    {
        Description = "Tell also what memory is made of: clean, dirty, mapped and locked, kernel memory and hugetlb, NUMA nodes; with idle-bitmap of idle memory too, which costs a question a folio.",
    };

    private readonly Option<int?> _top =
        Number("--top", "Only the N cgroups with the most cold bytes, in tree order. With --local those above do not count for those below.", 1);

    private readonly Option<string?> _root = Folder("--root", "Where the root of the host to measure is mounted.");

    private readonly Option<string?> _leaseDirectory =
        Folder("--lease-dir", "The folder of the lock that makes one tracker at a time measure a host. Default: /run/coldpages.");

    private readonly Option<bool> _json = new("--json") { Description = "Write one JSON object, schema coldpages.report/1." };

    public void AddTo(Command command)
    {
        foreach (Option option in (Option[])[_source, _interval, _scans, _confirm, _passive, _olderThan, _memcg, _pid, _local, _detail, _top, _root, _leaseDirectory, _json])
            command.Options.Add(option);
    }

    public ReportSettings Read(ParseResult parsed)
    {
        return new ReportSettings
        {
            Source = parsed.GetValue(_source) ?? ColdPageSource.Auto,
            Interval = parsed.GetValue(_interval) ?? s_interval,
            Scans = parsed.GetValue(_scans) ?? DefaultScans,
            Confirm = parsed.GetValue(_confirm) ?? 1,
            Passive = parsed.GetValue(_passive),
            OlderThan = parsed.GetValue(_olderThan),
            Memcg = parsed.GetValue(_memcg),
            Pid = parsed.GetValue(_pid),
            Scope = parsed.GetValue(_local) ? MemcgScope.Local : MemcgScope.Hierarchical,
            Detail = parsed.GetValue(_detail),
            Top = parsed.GetValue(_top),
            Root = parsed.GetValue(_root),
            LeaseDirectory = parsed.GetValue(_leaseDirectory),
            Json = parsed.GetValue(_json),
        };
    }

    /// <summary>--source, also of commands that do not scan.</summary>
    public static Option<ColdPageSource?> Source(string description) => new("--source")
    {
        Description = description,
        HelpName = "NAME",
        CustomParser = static result => ColdPageSourceNames.TryParse(Word(result), out ColdPageSource source)
            ? source : Wrong<ColdPageSource?>(result, "is no source; there are auto, idle-bitmap, mglru, referenced and simulated"),
    };

    /// <summary>An option whose value is a folder.</summary>
    public static Option<string?> Folder(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "DIR",
        CustomParser = static result => Word(result).Length > 0 ? Word(result) : Wrong<string?>(result, "is no folder"),
    };

    private static Option<TimeSpan?> Duration(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "TIME",
        CustomParser = static result => Units.TryParseDuration(Word(result), out TimeSpan time, out string? wrong) ? time : Wrong<TimeSpan?>(result, wrong),
    };

    private static Option<int?> Number(string name, string description, int atLeast, int atMost = int.MaxValue) => new(name)
    {
        Description = description,
        HelpName = "N",
        CustomParser = result =>
            int.TryParse(Word(result), NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number >= atLeast && number <= atMost
                ? number : Wrong<int?>(result, $"is no whole number from {atLeast} to {atMost}"),
    };

    private static string Word(ArgumentResult result) => result.Tokens.Count == 1 ? result.Tokens[0].Value : "";

    private static T Wrong<T>(ArgumentResult result, string why)
    {
        string option = result.Parent is OptionResult { Option.Name: { } name } ? name : "";
        result.AddError($"{option}: '{Word(result)}' {why}.");
        return default!;
    }
}
