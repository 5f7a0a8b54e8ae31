namespace ColdPages;

/// <summary>How far a snapshot can be trusted.</summary>
public sealed class ScanConfidence : IEquatable<ScanConfidence>
{
    internal ScanConfidence(bool isActionable, long doubtfulBytes, IReadOnlyList<string> doubts)
    {
        IsActionable = isActionable;
        DoubtfulBytes = doubtfulBytes;
        Doubts = doubts;
    }

    /// <summary>
    /// Whether to act on the snapshot: at least two passes did not fail, the last one among them, the memcg asked for is there, and at most 1 % of the tracked bytes are
    /// in doubt.
    /// </summary>
    public bool IsActionable { get; }

    /// <summary>Bytes that may be reported idle for longer than they are, at most.</summary>
    public long DoubtfulBytes { get; }

    /// <summary>What speaks against the snapshot, in words, that with the most bytes in doubt first; empty where nothing does.</summary>
    public IReadOnlyList<string> Doubts { get; }

    /// <summary>How long the last pass took: so far apart are the moments at which it looked at pages.</summary>
    public TimeSpan ScanTime { get; internal init; }

    /// <summary>Idle bytes that the last pass found anew and that begin young, however old they are; null where the source does not look at pages one by one.</summary>
    public long? AdoptedBytes { get; internal init; }

    /// <summary>Idle bytes whose owner, kind and size the last pass asked about again, though they had not changed; null as above.</summary>
    public long? AskedAgainBytes { get; internal init; }

    /// <summary>Bytes that keep their age although the last pass could not look at them, as they were off their LRU lists for a moment; null as above.</summary>
    public long? UnseenBytes { get; internal init; }

    /// <summary>Bytes that count as touched because the last pass had no evidence of them: parts of kernel files that could not be read; null as above.</summary>
    public long? MissedBytes { get; internal init; }

    /// <inheritdoc/>
    public bool Equals(ScanConfidence? other) =>
        other is not null && IsActionable == other.IsActionable && DoubtfulBytes == other.DoubtfulBytes && Doubts.SequenceEqual(other.Doubts)
        && ScanTime == other.ScanTime && AdoptedBytes == other.AdoptedBytes && AskedAgainBytes == other.AskedAgainBytes
        && UnseenBytes == other.UnseenBytes && MissedBytes == other.MissedBytes;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as ScanConfidence);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(IsActionable, DoubtfulBytes, Doubts.Count);
}
