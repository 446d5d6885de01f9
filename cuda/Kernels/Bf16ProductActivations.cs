using HunyuanOrleans.Cuda.Compilation;

namespace HunyuanOrleans.Cuda.Kernels;

/// <summary>bf16 activations.</summary>
internal struct Bf16ProductActivations : IProductActivations
{
    /// <inheritdoc/>
    public readonly Float4 Load(ulong token, int column)
    {
        Uint2 pairs = Ptx.LoadUint2(token + ((ulong)column * 2));
        return new Float4
        {
            A = Ptx.FromBits(pairs.A << 16),
            B = Ptx.FromBits(pairs.A & 0xFFFF0000),
            C = Ptx.FromBits(pairs.B << 16),
            D = Ptx.FromBits(pairs.B & 0xFFFF0000),
        };
    }
}
