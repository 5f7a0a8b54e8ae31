using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace ColdPages;

/// <summary>
/// Words of 64 bits that are worked on at once. A kernel is written once against this and compiled for each width; the wrappers leave
/// nothing in the machine code that the same loop on Vector512 itself would not have.
/// </summary>
internal interface IWords<TSelf>
    where TSelf : struct, IWords<TSelf>
{
    static abstract int Count { get; }

    /// <summary>The same word in every place.</summary>
    static abstract TSelf All(ulong word);

    /// <summary>Does not check that all words from <paramref name="at"/> on that it takes lie in the span.</summary>
    static abstract TSelf Load(ReadOnlySpan<ulong> words, int at);

    /// <inheritdoc cref="Load"/>
    static abstract void Store(TSelf value, Span<ulong> words, int at);

    static abstract bool IsZero(TSelf value);

    static abstract ulong Sum(TSelf value);

    /// <summary>How many bits are set in each word.</summary>
    static abstract TSelf PopCount(TSelf value);

    static abstract TSelf operator ~(TSelf value);

    static abstract TSelf operator &(TSelf a, TSelf b);

    static abstract TSelf operator |(TSelf a, TSelf b);

    static abstract TSelf operator ^(TSelf a, TSelf b);

    static abstract TSelf operator +(TSelf a, TSelf b);

    static abstract TSelf operator -(TSelf a, TSelf b);

    static abstract TSelf operator <<(TSelf value, int bits);

    static abstract TSelf operator >>>(TSelf value, int bits);
}

/// <summary>One word: what is left behind the last whole vector, and everything where there are no vectors.</summary>
internal readonly struct Word(ulong value) : IWords<Word>
{
    private readonly ulong _value = value;

    public static int Count => 1;

    public static Word All(ulong word) => new(word);

    public static Word Load(ReadOnlySpan<ulong> words, int at) => new(Unsafe.Add(ref MemoryMarshal.GetReference(words), (nuint)(uint)at));

    public static void Store(Word value, Span<ulong> words, int at) => Unsafe.Add(ref MemoryMarshal.GetReference(words), (nuint)(uint)at) = value._value;

    public static bool IsZero(Word value) => value._value == 0;

    public static ulong Sum(Word value) => value._value;

    public static Word PopCount(Word value) => new((uint)BitOperations.PopCount(value._value));

    public static Word operator ~(Word value) => new(~value._value);

    public static Word operator &(Word a, Word b) => new(a._value & b._value);

    public static Word operator |(Word a, Word b) => new(a._value | b._value);

    public static Word operator ^(Word a, Word b) => new(a._value ^ b._value);

    public static Word operator +(Word a, Word b) => new(a._value + b._value);

    public static Word operator -(Word a, Word b) => new(a._value - b._value);

    public static Word operator <<(Word value, int bits) => new(value._value << bits);

    public static Word operator >>>(Word value, int bits) => new(value._value >>> bits);
}
