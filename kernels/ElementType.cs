namespace HunyuanOrleans.Kernels;

/// <summary>How an element of a weight or activation is stored, always little-endian.</summary>
public enum ElementType : byte
{
    /// <summary>IEEE single precision (float32), 4 bytes.</summary>
    F32,

    /// <summary>IEEE half precision (float16), 2 bytes.</summary>
    F16,

    /// <summary>bfloat16, the upper half of a float32: 8 exponent and 7 mantissa bits, 2 bytes.</summary>
    BF16,

    /// <summary>8-bit float with 4 exponent and 3 mantissa bits and no infinities (the "fn" variant), 1 byte.</summary>
    F8E4M3,

    /// <summary>Signed integer, 1 byte.</summary>
    I8,

    /// <summary>4-bit integer, two to a byte. Each group of 32 along a row shares a scale.</summary>
    I4,

    /// <summary>
    /// 4-bit integer without a sign, two to a byte. Each group of 32 along a row shares a scale and a zero point: value = scale * (code - zero point).
    /// </summary>
    U4,

    /// <summary>8-bit integer without a sign, 1 byte. Each group of 32 along a row shares a scale and a zero point, as for U4.</summary>
    U8,

    /// <summary>F8E4M3 with a scale for each 128 elements along a row, 1 byte.</summary>
    F8E4M3Block,
}

/// <summary>Properties of an <see cref="ElementType"/>.</summary>
public static class ElementTypeExtensions
{
    /// <summary>Bytes of one element.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The type is I4 or U4, whose elements are half a byte.</exception>
    public static int Size(this ElementType type) => type switch
    {
        ElementType.F32 => 4,
        ElementType.F16 or ElementType.BF16 => 2,
        ElementType.F8E4M3 or ElementType.I8 or ElementType.U8 or ElementType.F8E4M3Block => 1,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "An element of this type is not a whole number of bytes."),
    };

    /// <summary>Whether an element gives its value only together with a scale: all types but F32, F16 and BF16.</summary>
    public static bool IsQuantized(this ElementType type) => type >= ElementType.F8E4M3;

    /// <summary>Elements in one byte: 2 for I4 and U4, a fraction for types of several bytes.</summary>
    public static double ElementsPerByte(this ElementType type) => type is ElementType.I4 or ElementType.U4 ? 2 : 1.0 / type.Size();

    /// <summary>
    /// The type whose kernels multiply weights of this type: I4 for U4 and for both halves of a U8; F8E4M3 for F8E4M3Block; else the type itself.
    /// </summary>
    internal static ElementType KernelType(this ElementType type) => type switch
    {
        ElementType.U4 or ElementType.U8 => ElementType.I4,
        ElementType.F8E4M3Block => ElementType.F8E4M3,
        _ => type,
    };

    /// <summary>Whether weights of the type have a zero point for each group.</summary>
    internal static bool HasZeroPoints(this ElementType type) => type is ElementType.U4 or ElementType.U8;

    /// <summary>Elements in a 4-byte step of the panel kernels.</summary>
    internal static int ElementsPerStep(this ElementType type) => type.KernelType() == ElementType.I4 ? 8 : 4 / type.Size();
}
