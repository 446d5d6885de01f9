namespace HunyuanOrleans.Ptx.Parsing;

/// <summary>Type of an instruction or register, such as u32.</summary>
/// <param name="Kind">How the bits are understood.</param>
/// <param name="Size">Bytes; 0 for predicates.</param>
internal readonly record struct PtxType(PtxKind Kind, int Size)
{
    public static readonly PtxType B32 = new(PtxKind.Bits, 4);

    public static readonly PtxType U32 = new(PtxKind.Unsigned, 4);

    public static readonly PtxType F32 = new(PtxKind.Float, 4);

    public static readonly PtxType Predicate = new(PtxKind.Predicate, 0);

    public bool IsFloat => Kind is PtxKind.Float or PtxKind.Bfloat;

    public bool IsSigned => Kind == PtxKind.Signed;

    public static PtxType? Parse(string name) => name switch
    {
        "pred" => Predicate,
        "b8" => new(PtxKind.Bits, 1),
        "b16" => new(PtxKind.Bits, 2),
        "b32" => B32,
        "b64" => new(PtxKind.Bits, 8),
        "u8" => new(PtxKind.Unsigned, 1),
        "u16" => new(PtxKind.Unsigned, 2),
        "u32" => U32,
        "u64" => new(PtxKind.Unsigned, 8),
        "s8" => new(PtxKind.Signed, 1),
        "s16" => new(PtxKind.Signed, 2),
        "s32" => new(PtxKind.Signed, 4),
        "s64" => new(PtxKind.Signed, 8),
        "f16" => new(PtxKind.Float, 2),
        "f32" => F32,
        "f64" => new(PtxKind.Float, 8),
        "bf16" => new(PtxKind.Bfloat, 2),
        _ => null,
    };
}
