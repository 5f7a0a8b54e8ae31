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

    /// <summary>What speaks against the snapshot, in words; empty where nothing does.</summary>
    public IReadOnlyList<string> Doubts { get; }

    /// <inheritdoc/>
    public bool Equals(ScanConfidence? other) =>
        other is not null && IsActionable == other.IsActionable && DoubtfulBytes == other.DoubtfulBytes && Doubts.SequenceEqual(other.Doubts);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as ScanConfidence);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(IsActionable, DoubtfulBytes, Doubts.Count);
}
