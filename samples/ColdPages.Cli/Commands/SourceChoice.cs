using System.Globalization;

namespace ColdPages.Cli.Commands;

/// <summary>Decides on a source where none was asked for by name. The library never takes "referenced" by itself; here a person reads along.</summary>
internal static class SourceChoice
{
    /// <summary>Above this, falling back by itself would cost the host too much.</summary>
    private const long MaxFallbackBytes = 8L << 30;

    /// <summary>The source to use; false, with the reason told, where there is none to use unasked.</summary>
    public static bool TryChoose(ColdPageSource asked, HostRoots roots, CliEnvironment environment, out ColdPageSource source)
    {
        source = asked;
        if (asked != ColdPageSource.Auto)
            return true;
        HostDiagnosis diagnosis = HostDiagnosis.Probe(roots);
        if (diagnosis.Chosen is not null)
            return true;
        environment.Tell(diagnosis.ToString());
        SourceDiagnosis referenced = diagnosis.Sources.First(candidate => candidate.Source == ColdPageSource.Referenced);
        if (!referenced.IsUsable)
        {
            if (!diagnosis.Sources.Any(other => other.Source != ColdPageSource.Referenced && other.Why == referenced.Why))
                environment.Tell($"referenced cannot be used either: {referenced.Why} {referenced.Remedy}");
            return false;
        }

        ReferencedCost cost = ReferencedCost.Estimate(roots);
        string estimate = string.Create(
            CultureInfo.InvariantCulture,
            $"{cost.Processes} {(cost.Processes == 1 ? "process maps" : "processes map")} {Units.Size(cost.MappedBytes)}, {Units.Size(cost.SmallPageBytes)} of it in small pages: about {cost.ScanTime.TotalSeconds:0.###} s of CPU a pass for these, beside what each process and mapping takes, and up to {cost.ProgramTime.TotalSeconds:0.###} s once for the programs together as they touch their memory again");
        if (cost.SmallPageBytes > MaxFallbackBytes)
        {
            environment.Tell($"not falling back to referenced (clear_refs and smaps) unasked: {estimate}. To do it all the same: --source referenced, and --memcg to look at a part.");
            return false;
        }

        environment.Tell($"falling back to referenced (clear_refs and smaps): {estimate}.");
        source = ColdPageSource.Referenced;
        return true;
    }
}
