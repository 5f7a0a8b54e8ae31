namespace ColdPages;

/// <summary>What a pass could not see for itself, in pages.</summary>
/// <param name="Adopted">Idle pages that it found anew and that begin young, however old they are.</param>
/// <param name="AskedAgain">Idle pages whose owner, kind and size it asked about again though they had not changed.</param>
/// <param name="Unseen">Pages that keep their age although nobody could look at them.</param>
/// <param name="Missed">Pages that count as touched because there was no evidence of them.</param>
internal readonly record struct PassEvidence(long Adopted, long AskedAgain, long Unseen, long Missed);
