using System.Text;
using System.Text.Json;

namespace ColdPages;

/// <summary>What a host offers to measure idle ages with, what is missing, and what would bring it.</summary>
public sealed class HostDiagnosis
{
    internal HostDiagnosis(ColdPageSource requested, IReadOnlyList<SourceDiagnosis> sources, IReadOnlyList<string> conflicts)
    {
        Requested = requested;
        Sources = sources;
        Conflicts = conflicts;
        Chosen = requested == ColdPageSource.Auto ? ChooseAuto(sources) : sources.First(source => source.Source == requested) is { IsUsable: true } ? requested : null;
    }

    /// <summary>The source that was asked for.</summary>
    public ColdPageSource Requested { get; }

    /// <summary>The source that would be used; null where none can be.</summary>
    public ColdPageSource? Chosen { get; }

    /// <summary>Every source, best first.</summary>
    public IReadOnlyList<SourceDiagnosis> Sources { get; }

    /// <summary>Who else moves the accessed bits that the chosen source reads, and what that does; empty where nobody does.</summary>
    public IReadOnlyList<string> Conflicts { get; }

    /// <summary>What of the kernel works that bears on idle memory, and what brings the rest; empty but after <see cref="Examine"/>.</summary>
    public IReadOnlyList<FeatureDiagnosis> Features { get; private init; } = [];

    /// <summary>The kernel's release, as uname -r gives it; null where it is not told, and but after <see cref="Examine"/>.</summary>
    public string? Kernel { get; private init; }

    /// <summary>Who measures this host already, where that is why a tracker could not be opened.</summary>
    public LeaseHolder? LeaseHolder { get; private init; }

    // Why a tracker was not opened although there is a source.
    private Problem? Refusal { get; init; }

    /// <summary>Looks what a host offers. Reads only.</summary>
    /// <param name="roots">The host.</param>
    /// <param name="source">The source to choose; Auto for the best that sees all memory.</param>
    public static HostDiagnosis Probe(HostRoots roots, ColdPageSource source = ColdPageSource.Auto)
    {
        ArgumentNullException.ThrowIfNull(roots);
        return SourceProbe.Run(roots.Files, source);
    }

    /// <summary>
    /// Looks what a host offers, as <see cref="Probe"/> does, and tries what the kernel can do: on memory of this process, and with writes that ask for nothing. A few
    /// MiB are mapped meanwhile, and the accessed bits of this process's anonymous memory are cleared; nothing else of the host changes. While somebody measures, call it from a small process: its own memory looks idle for a pass.
    /// </summary>
    /// <param name="roots">The host; on one that is not this process's own, what has to be tried is told as not tried.</param>
    /// <param name="source">The source to choose; Auto for the best that sees all memory.</param>
    public static HostDiagnosis Examine(HostRoots roots, ColdPageSource source = ColdPageSource.Auto)
    {
        HostDiagnosis probed = Probe(roots, source);
        return new HostDiagnosis(source, probed.Sources, probed.Conflicts)
        {
            Features = FeatureProbe.Run(roots.Files),
            Kernel = roots.Files.IsLinux ? KernelRelease.Read(roots.Files) : null,
        };
    }

    /// <summary>Writes the diagnosis, schema coldpages.doctor/1, as one JSON object. The writer is left to be flushed by its owner.</summary>
    public void WriteJson(Utf8JsonWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        DoctorJsonWriter.Write(writer, this);
    }

    /// <summary>Why no tracker could be opened and what to do, in words; empty where one can be.</summary>
    public override string ToString()
    {
        if (Refusal is not null)
            return $"{Refusal.Why} {Refusal.Remedy}";
        if (Chosen is not null)
            return "";
        StringBuilder text = new();
        text.Append(Requested == ColdPageSource.Auto ? "No source that sees all memory can be used on this host." : $"Source '{Requested.ToName()}' cannot be used on this host.");
        IEnumerable<SourceDiagnosis> wanted = Sources.Where(source =>
            !source.IsUsable && (Requested == ColdPageSource.Auto ? source.Source is not (ColdPageSource.Referenced or ColdPageSource.Simulated) : source.Source == Requested));

        // What all of them lack is said once.
        foreach (IGrouping<(string?, string?), SourceDiagnosis> group in wanted.GroupBy(source => (source.Why, source.Remedy)))
        {
            string names = string.Join(", ", group.Select(source => source.Source.ToName()));
            text.Append($"\n  {names}: {group.Key.Item1}\n    {group.Key.Item2}");
        }

        return text.ToString();
    }

    internal HostDiagnosis Refuse(Problem refusal, LeaseHolder? holder = null) => new(Requested, Sources, Conflicts) { Refusal = refusal, LeaseHolder = holder };

    private static ColdPageSource? ChooseAuto(IReadOnlyList<SourceDiagnosis> sources)
    {
        foreach (SourceDiagnosis source in sources)
        {
            // It slows what it looks at, and sees only part: never without being asked for by name.
            if (source.IsUsable && source.Source != ColdPageSource.Referenced)
                return source.Source;
        }

        return null;
    }
}
