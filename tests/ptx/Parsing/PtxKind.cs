namespace HunyuanOrleans.Ptx.Parsing;

/// <summary>Kinds of values.</summary>
internal enum PtxKind
{
    Bits,
    Unsigned,
    Signed,
    Float,
    Bfloat,
    Predicate,
}
