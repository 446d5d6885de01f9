using HunyuanOrleans.Cuda.Compilation;

namespace HunyuanOrleans.Cuda.Kernels;

/// <summary>A lane's sums of four row tiles and one token tile.</summary>
internal struct PrefillColumn
{
    public Float4 A;
    public Float4 B;
    public Float4 C;
    public Float4 D;

    /// <summary>Adds the product of a column tile.</summary>
    public PrefillColumn Add<TWeights>(PrefillWeights weights, Uint4 tokens)
        where TWeights : struct, IProductWeights
    {
        TWeights type = default;
        return new PrefillColumn
        {
            A = type.Multiply(weights.A, tokens, A),
            B = type.Multiply(weights.B, tokens, B),
            C = type.Multiply(weights.C, tokens, C),
            D = type.Multiply(weights.D, tokens, D),
        };
    }

    /// <summary>Scales the sums of the row tiles that the matrix has, and puts them into shared memory.</summary>
    public void Put<TWeights>(ProductResults results, int tokenTile, int lane, ulong scales, int rowTile, int rowTiles)
        where TWeights : struct, IProductWeights
    {
        PutTile<TWeights>(results, 0, tokenTile, lane, scales, rowTile, rowTiles, A);
        PutTile<TWeights>(results, 1, tokenTile, lane, scales, rowTile, rowTiles, B);
        PutTile<TWeights>(results, 2, tokenTile, lane, scales, rowTile, rowTiles, C);
        PutTile<TWeights>(results, 3, tokenTile, lane, scales, rowTile, rowTiles, D);
    }

    private static void PutTile<TWeights>(
        ProductResults results, int index, int tokenTile, int lane, ulong scales, int firstRowTile, int rowTiles, Float4 sums)
        where TWeights : struct, IProductWeights
    {
        TWeights type = default;
        if (firstRowTile + index < rowTiles)
        {
            results.Put(index, tokenTile, lane, type.ScaleRows(sums, scales, ((firstRowTile + index) * 16) + (lane >> 2)));
        }
    }
}
