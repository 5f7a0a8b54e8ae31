namespace ColdPages;

/// <summary>
/// A source of idle ages. It drives the passes and leaves the ages in <see cref="Histograms"/>: a row for each memcg, then one for what
/// belongs to none, then one for each process that is told apart.
/// </summary>
internal abstract class AgeSource(KernelFiles files, MemcgTree tree, int processes)
{
    public abstract ColdPageSource Kind { get; }

    /// <summary>"charge" where bytes are by the memcg charged, "process" where they are by the process that maps them.</summary>
    public abstract string Attribution { get; }

    /// <summary>What every reader of this source's numbers must know, in words.</summary>
    public abstract IReadOnlyList<string> Notes { get; }

    public MemcgHistograms Histograms { get; } = new();

    public CostMeter Cost { get; } = new();

    /// <summary>Bytes of what is kept from pass to pass.</summary>
    public virtual long StateBytes => Histograms.StateBytes;

    public int UnattributedRow { get; protected set; }

    /// <summary>Which of the processes that are told apart the last pass found.</summary>
    public bool[] ProcessesSeen { get; } = new bool[processes];

    protected KernelFiles Files => files;

    protected MemcgTree Tree => tree;

    /// <summary>
    /// Makes one pass; the clock has begun it. What a pass leaves is whole also when it fails, and says why, or is cancelled.
    /// </summary>
    public abstract Problem? Pass(PassClock clock, CancellationToken cancellationToken);

    /// <summary>Says why the last pass deserves less trust, as far as it does.</summary>
    public abstract void AddDoubts(List<Doubt> doubts);
}

/// <summary>A reason to trust a scan less.</summary>
/// <param name="Why">In words.</param>
/// <param name="Bytes">How many bytes at most may be reported idle for longer than they are; 0 where none is known to be.</param>
internal readonly record struct Doubt(string Why, long Bytes);
