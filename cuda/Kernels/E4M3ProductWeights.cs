using HunyuanOrleans.Cuda.Compilation;

namespace HunyuanOrleans.Cuda.Kernels;

/// <summary>
/// e4m3 weights with a float32 scale for each row. Bytes lie as in <see cref="Int8ProductWeights"/>. Rows with a code
/// for NaN have the scale NaN. Activations stay bf16; on the CPU they are rounded to e4m3 as well.
/// </summary>
internal struct E4M3ProductWeights : IProductWeights
{
    /// <inheritdoc/>
    public readonly int TileBytes => 512;

    /// <inheritdoc/>
    public readonly int TileScaleBytes => 0;

    /// <inheritdoc/>
    public readonly int DecodeStages => 6;

    /// <inheritdoc/>
    public readonly ProductFragment Load(uint tile, uint scales, int lane)
    {
        Uint4 words = Ptx.LoadSharedUint4(tile + ((uint)lane * 16));
        return new ProductFragment { First = Expand(words.A, words.B), Second = Expand(words.C, words.D) };
    }

    /// <inheritdoc/>
    public readonly Float4 Multiply(ProductFragment weights, Uint4 tokens, Float4 sums) => weights.Multiply(tokens, sums);

    /// <inheritdoc/>
    public readonly Float4 ScaleRows(Float4 sums, ulong scales, int row) => ProductRowScales.Apply(sums, scales, row);

    private static Uint4 Expand(uint upper, uint lower) => new()
    {
        A = E4M3Expansion.ToBf16Pair(upper << 8),
        B = E4M3Expansion.ToBf16Pair(lower << 8),
        C = E4M3Expansion.ToBf16Pair(upper),
        D = E4M3Expansion.ToBf16Pair(lower),
    };
}
