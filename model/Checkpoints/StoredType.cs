using HunyuanOrleans.Kernels;

namespace HunyuanOrleans.Model.Checkpoints;

/// <summary>The element types of the safetensors format. Kernels support only some of them (see <see cref="ElementType"/>).</summary>
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
    ];

    /// <summary>All type names of the format, for messages.</summary>
    internal static string AllowedNames { get; } = string.Join(", ", All.Select(t => t.Name));

    /// <summary>The name of the type in safetensors files.</summary>
    public static string Name(this StoredType type) => All[(int)type].Name;

    /// <summary>Bytes per element.</summary>
    public static int Size(this StoredType type) => All[(int)type].Bytes;

    /// <summary>The corresponding element type of the kernels; null if kernels do not support it.</summary>
    public static ElementType? Element(this StoredType type) => type switch
    {
        StoredType.F32 => ElementType.F32,
        StoredType.F16 => ElementType.F16,
        StoredType.BF16 => ElementType.BF16,
        StoredType.F8E4M3 => ElementType.F8E4M3,
        StoredType.I8 => ElementType.I8,
        _ => null,
    };

    internal static bool TryParse(string name, out StoredType type)
    {
        foreach ((string Name, StoredType Type, int Bytes) known in All)
        {
            if (known.Name == name)
            {
                type = known.Type;
                return true;
            }
        }

        type = default;
        return false;
    }
}
