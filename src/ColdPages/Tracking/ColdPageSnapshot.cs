using System.Collections.ObjectModel;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace ColdPages;

/// <summary>
/// What was known at the end of a pass: the memory cgroups of a host and how long their bytes have been idle. Immutable, and safe to
/// read from any thread.
/// </summary>
public sealed class ColdPageSnapshot : IEquatable<ColdPageSnapshot>
{
    private IReadOnlyList<MemcgAges>? _memcgs;

    internal ColdPageSnapshot(SnapshotData data) => Data = data;

    /// <summary>The source of the ages; never <see cref="ColdPageSource.Auto"/>.</summary>
    public ColdPageSource Source { get; internal init; }

    /// <summary>
    /// "charge" where a page counts once, in the memcg that it is charged to; "process" where it counts in the memcg of each process that
    /// maps it.
    /// </summary>
    public string Attribution { get; internal init; } = "";

    /// <summary>Kinds that the source cannot tell apart from another, and the one that their bytes are counted as; empty where it tells all apart.</summary>
    public IReadOnlyDictionary<PageKind, PageKind> KindsMerged { get; internal init; } = ReadOnlyDictionary<PageKind, PageKind>.Empty;

    /// <summary>The kernel's release, as uname -r gives it.</summary>
    public string Kernel { get; internal init; } = "";

    /// <summary>When the last pass ended.</summary>
    public DateTimeOffset TakenAt { get; internal init; }

    /// <summary>Passes made, the first, which only marks, included.</summary>
    public int Scans { get; internal init; }

    /// <summary>The interval that was asked for; the bins' edges are measured.</summary>
    public TimeSpan Interval { get; internal init; }

    /// <summary>How many snapshots this reader has missed since the one before, being slow.</summary>
    public int Skipped { get; internal set; }

    /// <summary>What the reader of these numbers must know, in words: why the pass failed, what is in doubt, what always holds of the source.</summary>
    public IReadOnlyList<string> Warnings { get; internal init; } = [];

    /// <summary>How far to trust the numbers.</summary>
    public ScanConfidence Confidence { get; internal init; } = new(false, 0, []);

    /// <summary>Why the last pass failed and what to do; null if it did not. The numbers are then empty.</summary>
    public string? Failure { get; internal init; }

    /// <summary>What the run has cost so far.</summary>
    public ScanCost Cost { get; internal init; } = new(default, default, new Dictionary<string, long>(), new Dictionary<string, long>(), 0);

    /// <summary>The host's memory and swap.</summary>
    public HostMemory Host { get; internal init; }

    /// <summary>Bytes that belong to no memcg that is visible here.</summary>
    public AgeHistogram Unattributed { get; internal init; } = new([], []);

    /// <summary>The processes that were to be told apart and are there.</summary>
    public IReadOnlyList<ProcessAges> Processes { get; internal init; } = [];

    /// <summary>Every memcg with tracked bytes, with promotions, or with anything that its <see cref="MemcgAges.Detail"/> tells, and those above it, in tree order, siblings by name.</summary>
    public IReadOnlyList<MemcgAges> Memcgs => _memcgs ??= Array.AsReadOnly([.. Enumerable.Range(0, Data.Count).Select(i => new MemcgAges(this, i))]);

    internal SnapshotData Data { get; }

    /// <summary>The memcg of a path, as <see cref="MemcgAges.Path"/> writes it.</summary>
    /// <exception cref="KeyNotFoundException">There is no such memcg, or nothing is known of it; <see cref="TryGetMemcg"/> does not throw.</exception>
    public MemcgAges this[string path] =>
        TryGetMemcg(path, out MemcgAges memcg) ? memcg
        : throw new KeyNotFoundException($"The snapshot has no memcg '{path}': it is gone, or held nothing that has an age. Cgroups come and go: TryGetMemcg does not throw.");

    /// <summary>Finds a memcg by its path; false when it is not there.</summary>
    public bool TryGetMemcg(string path, [MaybeNullWhen(false)] out MemcgAges memcg)
    {
        ArgumentNullException.ThrowIfNull(path);
        int index = Data.Find(path);
        memcg = index < 0 ? default : new MemcgAges(this, index);
        return index >= 0;
    }

    /// <summary>The memcgs with the most bytes that are certainly in the oldest bin, at most <paramref name="count"/>, in tree order.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The count is negative.</exception>
    public IReadOnlyList<MemcgAges> Coldest(int count, MemcgScope scope = MemcgScope.Hierarchical)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        long[] values = new long[Data.ValuesPerHistogram];
        long[] coldness = new long[Data.Count];
        for (int i = 0; i < coldness.Length; i++)
        {
            Data.Sum(i, scope, values);
            foreach (long kind in values.AsSpan(Math.Max(0, values.Length - BinLayout.Stride), BinLayout.Kinds))
                coldness[i] += kind;
        }

        // Of equals the earlier in the tree, which is the outer one.
        return [.. Memcgs.OrderByDescending(memcg => coldness[memcg.Index]).ThenBy(memcg => memcg.Index).Take(count).OrderBy(memcg => memcg.Index)];
    }

    internal ColdPageSnapshot WithSkipped(int skipped)
    {
        ColdPageSnapshot copy = (ColdPageSnapshot)MemberwiseClone();
        copy.Skipped = skipped;
        copy._memcgs = null;
        return copy;
    }

    /// <summary>Writes the report, schema coldpages.report/1, as one JSON object. The writer is left to be flushed by its owner.</summary>
    /// <param name="writer">Where to.</param>
    /// <param name="scope">Whose pages each memcg's numbers count.</param>
    /// <param name="only">These memcgs of this snapshot alone; null for all.</param>
    /// <exception cref="ArgumentException">A memcg is not of this snapshot.</exception>
    public void WriteJson(Utf8JsonWriter writer, MemcgScope scope = MemcgScope.Hierarchical, IReadOnlyList<MemcgAges>? only = null)
    {
        ArgumentNullException.ThrowIfNull(writer);
        if (only?.Any(memcg => !memcg.IsOf(this)) == true)
            throw new ArgumentException("One of the memcgs is not of this snapshot.", nameof(only));
        new ReportJsonWriter(writer, this, scope).Write(only ?? Memcgs);
    }

    /// <summary>Reads a report that <see cref="WriteJson"/> wrote; members that it does not know are passed over.</summary>
    /// <remarks>A report of all memcgs gives a snapshot equal to the one written. One of some memcgs gives those alone.</remarks>
    /// <exception cref="JsonException">The text is no such report; the message says where and why.</exception>
    public static ColdPageSnapshot ReadJson(ReadOnlySpan<byte> utf8Json) => ReportJsonReader.Read(utf8Json);

    /// <summary>Whether both say the same, whoever made them.</summary>
    public bool Equals(ColdPageSnapshot? other) =>
        other is not null && Source == other.Source && Attribution == other.Attribution && Kernel == other.Kernel
        && TakenAt == other.TakenAt && Scans == other.Scans && Interval == other.Interval && Skipped == other.Skipped
        && Failure == other.Failure && Host == other.Host && Warnings.SequenceEqual(other.Warnings) && Confidence.Equals(other.Confidence)
        && KindsMerged.OrderBy(pair => pair.Key).SequenceEqual(other.KindsMerged.OrderBy(pair => pair.Key)) && Cost.Equals(other.Cost) && Unattributed.Equals(other.Unattributed) && Processes.SequenceEqual(other.Processes)
        && Data.ContentEquals(other.Data);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as ColdPageSnapshot);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Source, TakenAt, Scans, Data.Count);
}
