using ColdPages.Cli.Commands;

namespace ColdPages.Cli.Output;

/// <summary>What a table calls a memcg: indented below its parent, or by its path where those between may be missing. Not escaped.</summary>
internal sealed class MemcgNames(ReportSettings settings)
{
    public string Of(MemcgAges memcg)
    {
        string path = memcg.Path;
        if (settings.Top is not null)
            return path;
        int depth = memcg.Depth;
        return depth == 0 ? path : new string(' ', depth * 2) + path[(path.LastIndexOf('/') + 1)..];
    }
}
