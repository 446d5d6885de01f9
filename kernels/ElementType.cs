namespace HunyuanOrleans.Kernels;

/// <summary>How one element of a weight or activation is stored. Little-endian throughout.</summary>
public enum ElementType : byte
{
    /// <summary>IEEE single precision, 4 bytes.</summary>
    F32,

    /// <summary>IEEE half precision, 2 bytes.</summary>
    F16,

    /// <summary>The upper half of a single: 8 exponent and 7 mantissa bits, 2 bytes.</summary>
    BF16,

    /// <summary>8-bit float, 4 exponent and 3 mantissa bits, no infinities (the "fn" form), 1 byte.</summary>
    F8E4M3,

    /// <summary>Signed integer, 1 byte.</summary>
    I8,

    /// <summary>Four bits, two to a byte, in groups of 32 along a row that share a scale.</summary>
    I4,
}

/// <summary>Sizes of <see cref="ElementType"/>.</summary>
public static class ElementTypeExtensions
{
    /// <summary>Bytes one element takes.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The type is I4, whose elements are no whole bytes; see <see cref="BytesOf"/>.</exception>
    public static int Size(this ElementType type) => type switch
    {
        ElementType.F32 => 4,
        ElementType.F16 or ElementType.BF16 => 2,
        ElementType.F8E4M3 or ElementType.I8 => 1,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "An element of this type takes no whole bytes."),
    };

    /// <summary>Bytes that <paramref name="count"/> consecutive elements take, without scales.</summary>
    public static long BytesOf(this ElementType type, long count) => type == ElementType.I4 ? (count + 1) / 2 : count * type.Size();

    /// <summary>Whether elements stand for their value only together with a scale: F8E4M3, I8 and I4.</summary>
    public static bool IsQuantized(this ElementType type) => type is ElementType.F8E4M3 or ElementType.I8 or ElementType.I4;

    /// <summary>Elements in one 4-byte kernel step.</summary>
    internal static int StepElements(this ElementType type) => type == ElementType.I4 ? 8 : 4 / type.Size();
}
