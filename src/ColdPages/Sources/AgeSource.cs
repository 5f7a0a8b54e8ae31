using System.Collections.ObjectModel;

namespace ColdPages;

/// <summary>A source of idle ages. It drives the passes, and tells what the last one left.</summary>
internal abstract class AgeSource(KernelFiles files, MemcgTree tree) : IDisposable
{
    public abstract ColdPageSource Kind { get; }

    /// <summary>"charge" where bytes are by the memcg charged, "process" where they are by the process that maps them.</summary>
    public abstract string Attribution { get; }

    /// <summary>Kinds that it cannot tell apart from another, and what it counts them as.</summary>
    public virtual IReadOnlyDictionary<PageKind, PageKind> KindsMerged => ReadOnlyDictionary<PageKind, PageKind>.Empty;

    /// <summary>What every reader of this source's numbers must know, in words.</summary>
    public abstract IReadOnlyList<string> Notes { get; }

    public CostMeter Cost { get; } = new();

    /// <summary>Bytes of what is kept from pass to pass.</summary>
    public abstract long StateBytes { get; }

    /// <summary>How many bins an age may be in, by passes.</summary>
    public abstract int Bins { get; }

    protected KernelFiles Files => files;

    protected MemcgTree Tree => tree;

    /// <summary>
    /// Makes one pass; the clock has begun it. What a pass leaves is whole also when it fails, and says why, or is cancelled.
    /// </summary>
    public abstract Problem? Pass(PassClock clock, CancellationToken cancellationToken);

    /// <summary>Writes a memcg's own ages, or with null those of what belongs to none, over what was there, as <see cref="BinLayout"/> has them.</summary>
    public abstract void CopyAges(Memcg? memcg, Span<long> values);

    /// <summary>As <see cref="CopyAges"/>, for one of the processes that are told apart; false where the last pass did not find it.</summary>
    public virtual bool TryCopyProcessAges(int index, Span<long> values) => false;

    /// <summary>Writes a memcg's own promotions since the start over what was there, two numbers a bin: at least, at most. False for a source that counts none.</summary>
    public virtual bool TryCopyPromotions(Memcg memcg, Span<long> values) => false;

    /// <summary>Asks in which state the memory is that the last pass found idle, for <see cref="TryCopyDetail"/>. Only a source that knows single pages can.</summary>
    public virtual void AskDetail(NodeFrames nodes, CancellationToken cancellationToken)
    {
    }

    /// <summary>Writes in which state a memcg's own idle memory is over what was there, as <see cref="IdleDetailLayout"/> has it; false where that was not asked or could not be.</summary>
    public virtual bool TryCopyDetail(Memcg memcg, Span<long> values) => false;

    /// <summary>Says why the last pass deserves less trust, as far as it does.</summary>
    public abstract void AddDoubts(List<Doubt> doubts);

    /// <summary>What the last pass could not see for itself; null for a source that does not look at pages one by one.</summary>
    public virtual PassEvidence? Evidence => null;

    /// <summary>Gives back what it holds of this process.</summary>
    public virtual void Dispose()
    {
    }
}

/// <summary>A reason to trust a scan less.</summary>
/// <param name="Why">In words.</param>
/// <param name="Bytes">How many bytes at most may be reported idle for longer than they are; 0 where none is known to be.</param>
internal readonly record struct Doubt(string Why, long Bytes)
{
    /// <summary>Everything, as long as it is added to no more than a few others of its size.</summary>
    public const long AllBytes = long.MaxValue / 16;
}
