using HunyuanOrleans.Cuda.Compilation;

namespace HunyuanOrleans.Cuda.Kernels;

/// <summary>
/// int8 weights with a float32 scale for each row. A tile has 16 bytes for each lane: for each step a word of row g and a word of row g + 8.
/// A word has its first two columns in bytes 0 and 2, and the other two in bytes 1 and 3.
/// </summary>
internal struct Int8ProductWeights : IProductWeights
{
    private const uint One = 0x3F803F80;

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
        A = ToBf16(upper),
        B = ToBf16(lower),
        C = ToBf16(upper >> 8),
        D = ToBf16(lower >> 8),
    };

    // The low 7 bits in the mantissa of 128 give 128 + bits. What is subtracted is 128, or 256 if the sign bit is set: it becomes the lowest bit of
    // the exponent of -128.
    private static uint ToBf16(uint bytes) =>
        Ptx.MultiplyAddBf16Pair((bytes & 0x007F007F) | 0x43004300, One, (bytes & 0x00800080) | 0xC300C300);
}
