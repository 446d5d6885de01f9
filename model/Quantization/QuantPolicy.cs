using HunyuanOrleans.Kernels;

namespace HunyuanOrleans.Model.Quantization;

/// <summary>
/// Which matrix gets which type, by what it is for. The experts are nearly all of a mixture's bytes and the least sensitive part, so they go
/// first and furthest; lm_head decides between neighbouring tokens and keeps at least 8 bits. It does not know checkpoints.
/// </summary>
public static class QuantPolicy
{
    /// <summary>The type of matrices of a role; null where they are not quantised.</summary>
    public static ElementType? TypeOf(QuantFormat format, LinearRole role) => (format, role) switch
    {
        (QuantFormat.None, _) or (_, LinearRole.None) => null,
        (QuantFormat.Int8, _) => role == LinearRole.Mlp ? ElementType.I8 : null,
        (QuantFormat.Int8All, _) => ElementType.I8,
        (QuantFormat.Int4, _) => role == LinearRole.Mlp ? ElementType.I4 : ElementType.I8,
        (QuantFormat.Int4All, _) => role == LinearRole.Head ? ElementType.I8 : ElementType.I4,
        (QuantFormat.Fp8, _) => role == LinearRole.Head ? null : ElementType.F8E4M3,
        _ => throw new ArgumentOutOfRangeException(nameof(format), format, "No such format."),
    };
}
