using System.Globalization;
using ColdPages.Cli.Commands;
using Spectre.Console;

namespace ColdPages.Cli.Output;

/// <summary>
/// What the memory of a report's memcgs is made of, in three short tables: by state, what has no age, and in which state what is cold is. Columns and memcgs that have nothing are left out, and so are
/// the last columns where the terminal is narrow; the JSON has them all.
/// </summary>
internal sealed class DetailTable(ColdPageSnapshot snapshot, IReadOnlyList<MemcgAges> memcgs, ReportSettings settings)
{
    private readonly MemcgNames _names = new(settings);
    private readonly MemcgDetail?[] _details = [.. memcgs.Select(memcg => memcg.Detail(settings.Scope))];

    /// <param name="Header">What stands above it.</param>
    /// <param name="Bytes">A number a memcg; null where it is not known.</param>
    private readonly record struct Column(string Header, long?[] Bytes);

    public void Write(CliEnvironment environment)
    {
        using StreamWriter writer = TextColumns.Open(environment, out IAnsiConsole console);
        bool hasAny = false;
        Section("Memory by state:", States());
        Section("Memory without an age:", Untracked());
        if (ColdAge.Choose([.. snapshot.Unattributed.Select(bin => bin.From).Skip(1)], settings) is { } age)
            Section($"Idle for {Units.Time(age)} or longer, at most, by state:", Cold(age));
        if (!hasAny)
        {
            writer.WriteLine();
            writer.WriteLine("Nothing to tell in detail: neither page cache nor kernel memory, nor anything locked or shared.");
        }

        void Section(string title, List<Column> columns)
        {
            if (Build(columns, environment.OutputWidth) is not { } table)
                return;
            hasAny = true;
            writer.WriteLine();
            writer.WriteLine(title);
            writer.Flush();
            console.Write(table);
        }
    }

    // Null where there is nothing to show.
    private Table? Build(List<Column> columns, int width)
    {
        columns.RemoveAll(static column => !column.Bytes.Any(static bytes => bytes > 0));
        while (columns.Count > 0)
        {
            int[] some = [.. Enumerable.Range(0, memcgs.Count).Where(i => columns.Any(column => column.Bytes[i] > 0))];
            List<string[]> rows = [.. some.Select(i => (string[])[TerminalText.Escape(_names.Of(memcgs[i])), .. columns.Select(column => column.Bytes[i] is { } bytes ? Units.Size(bytes) : "-")])];
            Table table = TextColumns.Build(["MEMCG", .. columns.Select(column => column.Header)], rows, width, static _ => false, out bool fits);
            if (fits || columns.Count == 1)
                return table;
            columns.RemoveAt(columns.Count - 1);
        }

        return null;
    }

    private List<Column> States() =>
    [
        Of("CLEAN FILE", static detail => detail.FileCleanBytes), Of("DIRTY", static detail => detail.FileDirtyBytes), Of("WRITEBACK", static detail => detail.FileWritebackBytes),
        Of("MAPPED", static detail => detail.FileMappedBytes), Of("UNEVICTABLE", static detail => detail.UnevictableBytes),
        .. Nodes().Select((node, i) => Of(Header(node), detail => detail.Nodes[i].AnonBytes + detail.Nodes[i].FileBytes + (detail.Nodes[i].ShmemBytes ?? 0))),
    ];

    private List<Column> Untracked() =>
    [
        Of("KERNEL", static detail => detail.KernelBytes), Of("HUGETLB", static detail => detail.HugetlbBytes), Of("SOCKETS", static detail => detail.SocketBytes),
        Of("SLAB", static detail => detail.SlabReclaimableBytes + detail.SlabUnreclaimableBytes), Of("PAGE TABLES", static detail => detail.PageTablesBytes),
        Of("STACKS", static detail => detail.KernelStackBytes), Of("PERCPU", static detail => detail.PercpuBytes), Of("VMALLOC", static detail => detail.VmallocBytes),
    ];

    private List<Column> Cold(TimeSpan age)
    {
        IdleDetailBin?[] bins = [.. memcgs.Select(memcg => memcg.IdleDetail(settings.Scope)?.OlderThan(age))];
        return
        [
            Idle("CLEAN FILE", static bin => bin.FileCleanBytes), Idle("DIRTY", static bin => bin.FileDirtyBytes), Idle("WRITEBACK", static bin => bin.FileWritebackBytes),
            Idle("MAPPED", static bin => bin.FileMappedBytes), Idle("UNEVICTABLE", static bin => bin.UnevictableBytes), Idle("MLOCKED", static bin => bin.MlockedBytes), Idle("SHARED", static bin => bin.SharedBytes), Idle("UNKNOWN", static bin => bin.UnknownBytes),
            .. Nodes().Select((node, i) => Idle(Header(node), bin => bin.Nodes[i].Bytes)),
        ];

        Column Idle(string header, Func<IdleDetailBin, long> get) => new(header, [.. bins.Select(bin => bin is null ? (long?)null : get(bin))]);
    }

    private Column Of(string header, Func<MemcgDetail, long?> get) => new(header, [.. _details.Select(detail => detail is null ? null : get(detail))]);

    // One node alone says nothing new.
    private int[] Nodes() => _details is [{ Nodes: { Count: > 1 } nodes }, ..] ? [.. nodes.Select(node => node.Node)] : [];

    private static string Header(int node) => string.Create(CultureInfo.InvariantCulture, $"NODE {node}");
}
