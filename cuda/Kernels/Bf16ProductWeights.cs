using HunyuanOrleans.Cuda.Compilation;

namespace HunyuanOrleans.Cuda.Kernels;

/// <summary>bf16 weights. A tile is [step][lane] of the four registers of a tensor core product.</summary>
internal struct Bf16ProductWeights : IProductWeights
{
    /// <inheritdoc/>
    public readonly int TileBytes => 1024;

    /// <inheritdoc/>
    public readonly int TileScaleBytes => 0;

    /// <inheritdoc/>
    public readonly int DecodeStages => 4;

    /// <inheritdoc/>
    public readonly ProductFragment Load(uint tile, uint scales, int lane) => new()
    {
        First = Ptx.LoadSharedUint4(tile + ((uint)lane * 16)),
        Second = Ptx.LoadSharedUint4(tile + 512 + ((uint)lane * 16)),
    };

    /// <inheritdoc/>
    public readonly Float4 Multiply(ProductFragment weights, Uint4 tokens, Float4 sums) => weights.Multiply(tokens, sums);

    /// <inheritdoc/>
    public readonly Float4 ScaleRows(Float4 sums, ulong scales, int row) => sums;
}
