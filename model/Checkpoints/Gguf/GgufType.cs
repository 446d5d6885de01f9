namespace HunyuanOrleans.Model.Checkpoints.Gguf;

/// <summary>The element types of GGUF that are read, with the numbers that the format gives them.</summary>
internal enum GgufType : uint
{
    /// <summary>float32.</summary>
    F32 = 0,

    /// <summary>float16.</summary>
    F16 = 1,

    /// <summary>Blocks of 32 values in 4 bits with a float16 scale.</summary>
    Q4_0 = 2,

    /// <summary>Blocks of 32 values in 4 bits with a float16 scale and minimum.</summary>
    Q4_1 = 3,

    /// <summary>Blocks of 32 values in 5 bits with a float16 scale.</summary>
    Q5_0 = 6,

    /// <summary>Blocks of 32 values in 5 bits with a float16 scale and minimum.</summary>
    Q5_1 = 7,

    /// <summary>Blocks of 32 values in 8 bits with a float16 scale.</summary>
    Q8_0 = 8,

    /// <summary>Blocks of 256 values in 2 bits: sixteen groups, each with a scale and a minimum of 4 bits.</summary>
    Q2_K = 10,

    /// <summary>Blocks of 256 values in 3 bits: sixteen groups, each with a scale of 6 bits.</summary>
    Q3_K = 11,

    /// <summary>Blocks of 256 values in 4 bits: eight groups, each with a scale and a minimum of 6 bits.</summary>
    Q4_K = 12,

    /// <summary>Blocks of 256 values in 5 bits: eight groups, each with a scale and a minimum of 6 bits.</summary>
    Q5_K = 13,

    /// <summary>Blocks of 256 values in 6 bits: sixteen groups, each with a scale of 8 bits.</summary>
    Q6_K = 14,

    /// <summary>Blocks of 32 values with a float16 scale, whose codes of 4 bits number a table.</summary>
    IQ4_NL = 20,

    /// <summary>Blocks of 256 values in eight groups, each with a scale of 6 bits, whose codes of 4 bits number a table.</summary>
    IQ4_XS = 23,

    /// <summary>bfloat16.</summary>
    BF16 = 30,
}

/// <summary>Sizes and names of the element types.</summary>
internal static class GgufTypes
{
    /// <summary>Values in a block of <see cref="GgufType.Q8_0"/> and <see cref="GgufType.Q4_0"/>.</summary>
    public const int BlockValues = 32;

    private static readonly (GgufType Type, StoredType Stored)[] All =
    [
        (GgufType.F32, StoredType.F32), (GgufType.F16, StoredType.F16), (GgufType.BF16, StoredType.BF16), (GgufType.Q8_0, StoredType.Q8_0),
        (GgufType.Q4_0, StoredType.Q4_0), (GgufType.Q4_1, StoredType.Q4_1), (GgufType.Q5_0, StoredType.Q5_0), (GgufType.Q5_1, StoredType.Q5_1),
        (GgufType.Q2_K, StoredType.Q2_K), (GgufType.Q3_K, StoredType.Q3_K), (GgufType.Q4_K, StoredType.Q4_K), (GgufType.Q5_K, StoredType.Q5_K),
        (GgufType.Q6_K, StoredType.Q6_K), (GgufType.IQ4_NL, StoredType.IQ4_NL), (GgufType.IQ4_XS, StoredType.IQ4_XS),
    ];

    /// <summary>The names of all types, for messages.</summary>
    public static string AllowedNames { get; } = string.Join(", ", All.Select(static t => t.Stored.Name()));

    /// <summary>The stored type with a number; null if it is not read.</summary>
    public static StoredType? Stored(uint number)
    {
        foreach ((GgufType type, StoredType stored) in All)
        {
            if ((uint)type == number)
            {
                return stored;
            }
        }

        return null;
    }

    /// <summary>The stored type.</summary>
    public static StoredType Stored(this GgufType type) => Stored((uint)type)!.Value;

    /// <summary>Bytes of a row.</summary>
    /// <param name="type">The element type.</param>
    /// <param name="columns">Values in the row.</param>
    /// <exception cref="ModelException">A row of a type with blocks is not a whole number of blocks.</exception>
    public static int RowBytes(this GgufType type, int columns)
    {
        (int values, int bytes) = type.Stored().Block();
        return columns % values == 0
            ? checked(columns / values * bytes)
            : throw new ModelException($"A matrix has {columns} columns; allowed for {type}: multiples of {values}.");
    }
}
