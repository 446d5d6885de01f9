using HunyuanOrleans.Cuda.Compilation;

namespace HunyuanOrleans.Cuda.Kernels;

/// <summary>
/// 4-bit weights, scale * (code - 8), with a float16 scale for each row and group of 32 columns. A tile has 8 bytes for each lane: a word for each
/// step. From low to high bits, the lower half of a word is the codes of row g at its first column, of row g + 8 at the first, of row g at the third
/// and of row g + 8 at the third; the upper half is the same at the second and fourth column. The scales of a tile are [g] of those of rows g and
/// g + 8.
/// </summary>
internal struct Int4ProductWeights : IProductWeights
{
    private const uint One = 0x3F803F80;
    private const uint Minus136 = 0xC308C308;

    /// <inheritdoc/>
    public readonly int TileBytes => 256;

    /// <inheritdoc/>
    public readonly int TileScaleBytes => 32;

    /// <inheritdoc/>
    public readonly int DecodeStages => 6;

    /// <inheritdoc/>
    public readonly ProductFragment Load(uint tile, uint scales, int lane)
    {
        Uint2 words = Ptx.LoadSharedUint2(tile + ((uint)lane * 8));
        uint pair = Ptx.LoadSharedUint(scales + ((uint)(lane >> 2) * 4));
        return new ProductFragment
        {
            First = Expand(words.A),
            Second = Expand(words.B),
            UpperScale = Ptx.FromHalf((ushort)pair),
            LowerScale = Ptx.FromHalf((ushort)(pair >> 16)),
        };
    }

    /// <inheritdoc/>
    public readonly Float4 Multiply(ProductFragment weights, Uint4 tokens, Float4 sums)
    {
        Float4 group = weights.Multiply(tokens, default);
        return new Float4
        {
            A = Ptx.MultiplyAdd(weights.UpperScale, group.A, sums.A),
            B = Ptx.MultiplyAdd(weights.UpperScale, group.B, sums.B),
            C = Ptx.MultiplyAdd(weights.LowerScale, group.C, sums.C),
            D = Ptx.MultiplyAdd(weights.LowerScale, group.D, sums.D),
        };
    }

    /// <inheritdoc/>
    public readonly Float4 ScaleRows(Float4 sums, ulong scales, int row) => sums;

    private static Uint4 Expand(uint codes) => new()
    {
        A = ToBf16(codes),
        B = ToBf16(codes >> 4),
        C = ToBf16(codes >> 8),
        D = ToBf16(codes >> 12),
    };

    // A code in the mantissa of 128 is 128 + code.
    private static uint ToBf16(uint codes) => Ptx.MultiplyAddBf16Pair((codes & 0x000F000F) | 0x43004300, One, Minus136);
}
