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
}

/// <summary>Sizes of <see cref="ElementType"/>.</summary>
public static class ElementTypes
{
    /// <summary>Bytes one element takes.</summary>
    public static int Size(this ElementType type) => type switch
    {
        ElementType.F32 => 4,
        ElementType.F16 or ElementType.BF16 => 2,
        _ => 1,
    };
}
