using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace ColdPages;

/// <summary>2 words in a Vector128.</summary>
internal readonly struct Words128(Vector128<ulong> value) : IWords<Words128>
{
    private readonly Vector128<ulong> _value = value;

    public static int Count => Vector128<ulong>.Count;

    public static Words128 All(ulong word) => new(Vector128.Create(word));

    public static Words128 Load(ReadOnlySpan<ulong> words, int at) => new(Vector128.LoadUnsafe(ref MemoryMarshal.GetReference(words), (nuint)(uint)at));

    public static void Store(Words128 value, Span<ulong> words, int at) => value._value.StoreUnsafe(ref MemoryMarshal.GetReference(words), (nuint)(uint)at);

    public static bool IsZero(Words128 value) => value._value == Vector128<ulong>.Zero;

    public static ulong Sum(Words128 value) => Vector128.Sum(value._value);

    public static Words128 PopCount(Words128 value) => VectorPopCount.OfEachWord(value);

    public static Words128 operator ~(Words128 value) => new(~value._value);

    public static Words128 operator &(Words128 a, Words128 b) => new(a._value & b._value);

    public static Words128 operator |(Words128 a, Words128 b) => new(a._value | b._value);

    public static Words128 operator ^(Words128 a, Words128 b) => new(a._value ^ b._value);

    public static Words128 operator +(Words128 a, Words128 b) => new(a._value + b._value);

    public static Words128 operator -(Words128 a, Words128 b) => new(a._value - b._value);

    public static Words128 operator <<(Words128 value, int bits) => new(value._value << bits);

    public static Words128 operator >>>(Words128 value, int bits) => new(value._value >>> bits);
}

/// <summary>4 words in a Vector256.</summary>
internal readonly struct Words256(Vector256<ulong> value) : IWords<Words256>
{
    private readonly Vector256<ulong> _value = value;

    public static int Count => Vector256<ulong>.Count;

    public static Words256 All(ulong word) => new(Vector256.Create(word));

    public static Words256 Load(ReadOnlySpan<ulong> words, int at) => new(Vector256.LoadUnsafe(ref MemoryMarshal.GetReference(words), (nuint)(uint)at));

    public static void Store(Words256 value, Span<ulong> words, int at) => value._value.StoreUnsafe(ref MemoryMarshal.GetReference(words), (nuint)(uint)at);

    public static bool IsZero(Words256 value) => value._value == Vector256<ulong>.Zero;

    public static ulong Sum(Words256 value) => Vector256.Sum(value._value);

    public static Words256 PopCount(Words256 value) => VectorPopCount.OfEachWord(value);

    public static Words256 operator ~(Words256 value) => new(~value._value);

    public static Words256 operator &(Words256 a, Words256 b) => new(a._value & b._value);

    public static Words256 operator |(Words256 a, Words256 b) => new(a._value | b._value);

    public static Words256 operator ^(Words256 a, Words256 b) => new(a._value ^ b._value);

    public static Words256 operator +(Words256 a, Words256 b) => new(a._value + b._value);

    public static Words256 operator -(Words256 a, Words256 b) => new(a._value - b._value);

    public static Words256 operator <<(Words256 value, int bits) => new(value._value << bits);

    public static Words256 operator >>>(Words256 value, int bits) => new(value._value >>> bits);
}

/// <summary>8 words in a Vector512.</summary>
internal readonly struct Words512(Vector512<ulong> value) : IWords<Words512>
{
    private readonly Vector512<ulong> _value = value;

    public static int Count => Vector512<ulong>.Count;

    public static Words512 All(ulong word) => new(Vector512.Create(word));

    public static Words512 Load(ReadOnlySpan<ulong> words, int at) => new(Vector512.LoadUnsafe(ref MemoryMarshal.GetReference(words), (nuint)(uint)at));

    public static void Store(Words512 value, Span<ulong> words, int at) => value._value.StoreUnsafe(ref MemoryMarshal.GetReference(words), (nuint)(uint)at);

    public static bool IsZero(Words512 value) => value._value == Vector512<ulong>.Zero;

    public static ulong Sum(Words512 value) => Vector512.Sum(value._value);

    public static Words512 PopCount(Words512 value) => VectorPopCount.OfEachWord(value);

    public static Words512 operator ~(Words512 value) => new(~value._value);

    public static Words512 operator &(Words512 a, Words512 b) => new(a._value & b._value);

    public static Words512 operator |(Words512 a, Words512 b) => new(a._value | b._value);

    public static Words512 operator ^(Words512 a, Words512 b) => new(a._value ^ b._value);

    public static Words512 operator +(Words512 a, Words512 b) => new(a._value + b._value);

    public static Words512 operator -(Words512 a, Words512 b) => new(a._value - b._value);

    public static Words512 operator <<(Words512 value, int bits) => new(value._value << bits);

    public static Words512 operator >>>(Words512 value, int bits) => new(value._value >>> bits);
}

internal static class VectorPopCount
{
    // .NET has no vector instruction for it on x86: pairs of bits, then four, then bytes, then the bytes' sum.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TWords OfEachWord<TWords>(TWords words)
        where TWords : struct, IWords<TWords>
    {
        words -= (words >>> 1) & TWords.All(0x5555_5555_5555_5555);
        words = (words & TWords.All(0x3333_3333_3333_3333)) + ((words >>> 2) & TWords.All(0x3333_3333_3333_3333));
        words = (words + (words >>> 4)) & TWords.All(0x0f0f_0f0f_0f0f_0f0f);
        words += words >>> 8;
        words += words >>> 16;
        words += words >>> 32;
        return words & TWords.All(0xff);
    }
}
