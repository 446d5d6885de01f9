using HunyuanOrleans.Kernels;

namespace HunyuanOrleans.Model.Quantization;

/// <summary>
/// Decides the type of a matrix from its role. Experts are nearly all bytes of a mixture-of-experts model and least sensitive, so they are
/// quantised first and with the fewest bits. lm_head decides between similar tokens, so it keeps at least 8 bits.
/// </summary>
public static class QuantPolicy
{
    /// <summary>The type of matrices with a role; null if they are not quantised.</summary>
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
