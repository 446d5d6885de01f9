using HunyuanOrleans.Cuda.Compilation;

namespace HunyuanOrleans.Cuda.Kernels;

/// <summary>A form of activations for products with float32 weights.</summary>
internal interface IProductActivations
{
    /// <summary>Loads four columns.</summary>
    /// <param name="token">Address of the token's activations.</param>
    /// <param name="column">The first column, a multiple of 4.</param>
    Float4 Load(ulong token, int column);
}
