using System.Diagnostics.CodeAnalysis;

namespace ColdPages;

/// <summary>A tracker cannot be opened on this host. The message says what is missing and what would bring it.</summary>
[SuppressMessage("Design", "CA1032", Justification = "Without a diagnosis it would say nothing.")]
public sealed class SourceUnavailableException : Exception
{
    /// <summary>An exception with a diagnosis.</summary>
    public SourceUnavailableException(HostDiagnosis diagnosis)
        : base(diagnosis?.ToString())
    {
        ArgumentNullException.ThrowIfNull(diagnosis);
        Diagnosis = diagnosis;
    }

    /// <summary>What the host offers and lacks, and who holds its lease.</summary>
    public HostDiagnosis Diagnosis { get; }
}
