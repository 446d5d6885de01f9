using HunyuanOrleans.Model;

namespace HunyuanOrleans.Bench.Peers.Gguf;

/// <summary>The element types of GGUF that the converter writes, with the numbers that the format gives them.</summary>
internal enum GgufType
{
    /// <summary>float32.</summary>
    F32 = 0,

    /// <summary>float16.</summary>
    F16 = 1,

    /// <summary>Blocks of 32 values in 4 bits with a float16 scale.</summary>
    Q4_0 = 2,

    /// <summary>Blocks of 32 values in 8 bits with a float16 scale.</summary>
    Q8_0 = 8,

    /// <summary>bfloat16.</summary>
    BF16 = 30,
}

/// <summary>Sizes of the element types.</summary>
internal static class GgufTypes
{
    /// <summary>Values in a block of <see cref="GgufType.Q8_0"/> and <see cref="GgufType.Q4_0"/>.</summary>
    public const int BlockValues = 32;

    /// <summary>Bytes of a block of <see cref="GgufType.Q8_0"/>: the scale and a byte for each value.</summary>
    public const int Q8BlockBytes = 2 + BlockValues;

    /// <summary>Bytes of a block of <see cref="GgufType.Q4_0"/>: the scale and half a byte for each value.</summary>
    public const int Q4BlockBytes = 2 + (BlockValues / 2);

    /// <summary>Bytes of a row.</summary>
    /// <param name="type">The element type.</param>
    /// <param name="columns">Values in the row.</param>
    /// <exception cref="ModelException">A row of a type with blocks is not a whole number of blocks.</exception>
    public static int RowBytes(this GgufType type, int columns) => type switch
    {
        GgufType.F32 => columns * sizeof(float),
        GgufType.F16 or GgufType.BF16 => columns * sizeof(ushort),
        GgufType.Q8_0 => Blocks(type, columns) * Q8BlockBytes,
        GgufType.Q4_0 => Blocks(type, columns) * Q4BlockBytes,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "No such type."),
    };

    private static int Blocks(GgufType type, int columns) => columns % BlockValues == 0
        ? columns / BlockValues
        : throw new ModelException($"A matrix has {columns} columns; allowed for {type}: multiples of {BlockValues}.");
}
