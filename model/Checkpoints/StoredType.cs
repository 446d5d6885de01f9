using HunyuanOrleans.Kernels;

namespace HunyuanOrleans.Model.Checkpoints;

/// <summary>The element types of the safetensors format, and the types with blocks of GGUF. Kernels support only some of them (see <see cref="ElementType"/>).</summary>
public enum StoredType : byte
{
    /// <summary>"F32".</summary>
    F32,

    /// <summary>"F16".</summary>
    F16,

    /// <summary>"BF16".</summary>
    BF16,

    /// <summary>"F8_E4M3", the variant without infinities.</summary>
    F8E4M3,

    /// <summary>"F8_E5M2".</summary>
    F8E5M2,

    /// <summary>"I8".</summary>
    I8,

    /// <summary>"U8".</summary>
    U8,

    /// <summary>"BOOL", one byte per element.</summary>
    Bool,

    /// <summary>"I16".</summary>
    I16,

    /// <summary>"U16".</summary>
    U16,

    /// <summary>"I32".</summary>
    I32,

    /// <summary>"U32".</summary>
    U32,

    /// <summary>"I64".</summary>
    I64,

    /// <summary>"U64".</summary>
    U64,

    /// <summary>"F64".</summary>
    F64,

    /// <summary>"Q8_0" of GGUF: blocks of 32 values, a float16 scale and a signed byte for each.</summary>
    Q8_0,

    /// <summary>"Q4_0" of GGUF: blocks of 32 values, a float16 scale and half a byte for each.</summary>
    Q4_0,

    /// <summary>"Q4_1" of GGUF: blocks of 32 values with a minimum.</summary>
    Q4_1,

    /// <summary>"Q5_0" of GGUF: blocks of 32 values.</summary>
    Q5_0,

    /// <summary>"Q5_1" of GGUF: blocks of 32 values with a minimum.</summary>
    Q5_1,

    /// <summary>"IQ4_NL" of GGUF: blocks of 32 values, whose codes number a table.</summary>
    IQ4_NL,

    /// <summary>"Q2_K" of GGUF: blocks of 256 values.</summary>
    Q2_K,

    /// <summary>"Q3_K" of GGUF: blocks of 256 values.</summary>
    Q3_K,

    /// <summary>"Q4_K" of GGUF: blocks of 256 values.</summary>
    Q4_K,

    /// <summary>"Q5_K" of GGUF: blocks of 256 values.</summary>
    Q5_K,

    /// <summary>"Q6_K" of GGUF: blocks of 256 values.</summary>
    Q6_K,

    /// <summary>"IQ4_XS" of GGUF: blocks of 256 values, whose codes number a table.</summary>
    IQ4_XS,
}

/// <summary>Names and sizes of <see cref="StoredType"/>.</summary>
public static class StoredTypes
{
    private static readonly (string Name, StoredType Type, int Bytes)[] All =
    [
        ("F32", StoredType.F32, 4), ("F16", StoredType.F16, 2), ("BF16", StoredType.BF16, 2),
        ("F8_E4M3", StoredType.F8E4M3, 1), ("F8_E5M2", StoredType.F8E5M2, 1),
        ("I8", StoredType.I8, 1), ("U8", StoredType.U8, 1), ("BOOL", StoredType.Bool, 1),
        ("I16", StoredType.I16, 2), ("U16", StoredType.U16, 2), ("I32", StoredType.I32, 4), ("U32", StoredType.U32, 4),
        ("I64", StoredType.I64, 8), ("U64", StoredType.U64, 8), ("F64", StoredType.F64, 8),
        ("Q8_0", StoredType.Q8_0, 0), ("Q4_0", StoredType.Q4_0, 0), ("Q4_1", StoredType.Q4_1, 0), ("Q5_0", StoredType.Q5_0, 0), ("Q5_1", StoredType.Q5_1, 0),
        ("IQ4_NL", StoredType.IQ4_NL, 0), ("Q2_K", StoredType.Q2_K, 0), ("Q3_K", StoredType.Q3_K, 0), ("Q4_K", StoredType.Q4_K, 0),
        ("Q5_K", StoredType.Q5_K, 0), ("Q6_K", StoredType.Q6_K, 0), ("IQ4_XS", StoredType.IQ4_XS, 0),
    ];

    /// <summary>All type names of the format, for messages.</summary>
    internal static string AllowedNames { get; } = string.Join(", ", All.Where(t => t.Bytes > 0).Select(t => t.Name));

    /// <summary>The name of the type in safetensors files.</summary>
    public static string Name(this StoredType type) => All[(int)type].Name;

    /// <summary>Bytes per element.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The type has blocks.</exception>
    public static int Size(this StoredType type) => All[(int)type].Bytes is var bytes and > 0
        ? bytes
        : throw new ArgumentOutOfRangeException(nameof(type), type, "An element of this type is not a whole number of bytes.");

    /// <summary>Whether the type has blocks of several values, which <see cref="Gguf.GgufDecoder"/> decodes.</summary>
    internal static bool HasBlocks(this StoredType type) => type >= StoredType.Q8_0;

    /// <summary>Values and bytes of a block; a single value for types without blocks.</summary>
    internal static (int Values, int Bytes) Block(this StoredType type) => type switch
    {
        StoredType.Q8_0 => (32, 34),
        StoredType.Q4_0 or StoredType.IQ4_NL => (32, 18),
        StoredType.Q4_1 => (32, 20),
        StoredType.Q5_0 => (32, 22),
        StoredType.Q5_1 => (32, 24),
        StoredType.Q2_K => (256, 84),
        StoredType.Q3_K => (256, 110),
        StoredType.Q4_K => (256, 144),
        StoredType.Q5_K => (256, 176),
        StoredType.Q6_K => (256, 210),
        StoredType.IQ4_XS => (256, 136),
        _ => (1, type.Size()),
    };

    /// <summary>The corresponding element type of the kernels; null if kernels do not support it.</summary>
    public static ElementType? Element(this StoredType type) => type switch
    {
        StoredType.F32 => ElementType.F32,
        StoredType.F16 => ElementType.F16,
        StoredType.BF16 => ElementType.BF16,
        StoredType.F8E4M3 => ElementType.F8E4M3,
        StoredType.I8 => ElementType.I8,

        // Blocks are decoded before kernels see them.
        _ when type.HasBlocks() => ElementType.F32,
        _ => null,
    };

    internal static bool TryParse(string name, out StoredType type)
    {
        foreach ((string Name, StoredType Type, int Bytes) known in All)
        {
            if (known.Name == name && known.Bytes > 0)
            {
                type = known.Type;
                return true;
            }
        }

        type = default;
        return false;
    }
}
