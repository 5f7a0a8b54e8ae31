namespace ColdPages;

/// <summary>Bytes on one NUMA node.</summary>
/// <param name="Node">The node's number.</param>
/// <param name="Bytes">Bytes.</param>
public readonly record struct NodeBytes(int Node, long Bytes);
