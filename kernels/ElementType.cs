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
}

/// <summary>Properties of an <see cref="ElementType"/>.</summary>
public static class ElementTypeExtensions
{
    /// <summary>Bytes of one element.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The type is I4, whose elements are half a byte.</exception>
    public static int Size(this ElementType type) => type switch
    {
        ElementType.F32 => 4,
        ElementType.F16 or ElementType.BF16 => 2,
        ElementType.F8E4M3 or ElementType.I8 => 1,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "An element of this type is not a whole number of bytes."),
    };

    /// <summary>Whether an element gives its value only together with a scale: F8E4M3, I8 and I4.</summary>
    public static bool IsQuantized(this ElementType type) => type is ElementType.F8E4M3 or ElementType.I8 or ElementType.I4;

    /// <summary>Elements in a 4-byte step of the panel kernels.</summary>
    internal static int ElementsPerStep(this ElementType type) => type == ElementType.I4 ? 8 : 4 / type.Size();
}
