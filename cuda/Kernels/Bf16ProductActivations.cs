using HunyuanOrleans.Cuda.Compilation;

namespace HunyuanOrleans.Cuda.Kernels;

/// <summary>bf16 activations.</summary>
internal struct Bf16ProductActivations : IProductActivations
{
    /// <inheritdoc/>
    public readonly Float4 Load(ulong token, int column) => RowElements.ToFloats(Ptx.LoadUint2(token + ((ulong)column * 2)));
}
