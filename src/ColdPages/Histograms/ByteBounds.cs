namespace ColdPages;

/// <summary>A number of bytes that is known to lie between two bounds; both are the same where it is known exactly.</summary>
/// <param name="AtLeast">Bytes that are certain. Act on this one.</param>
/// <param name="AtMost">Bytes that are possible.</param>
public readonly record struct ByteBounds(long AtLeast, long AtMost)
{
    /// <summary>Whether both bounds are the same.</summary>
    public bool IsExact => AtLeast == AtMost;

    /// <summary>The sum, bound by bound.</summary>
    public static ByteBounds operator +(ByteBounds left, ByteBounds right) =>
        new(left.AtLeast + right.AtLeast, left.AtMost + right.AtMost);

    /// <summary>The sum, bound by bound.</summary>
    public static ByteBounds Add(ByteBounds left, ByteBounds right) => left + right;

    /// <inheritdoc/>
    public override string ToString() => IsExact ? $"{AtLeast} bytes" : $"{AtLeast} to {AtMost} bytes";
}
