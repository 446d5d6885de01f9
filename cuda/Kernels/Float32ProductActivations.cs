using HunyuanOrleans.Cuda.Compilation;

namespace HunyuanOrleans.Cuda.Kernels;

/// <summary>float32 activations.</summary>
internal struct Float32ProductActivations : IProductActivations
{
    /// <inheritdoc/>
    public readonly Float4 Load(ulong token, int column) => Ptx.LoadFloat4(token + ((ulong)column * 4));
}
