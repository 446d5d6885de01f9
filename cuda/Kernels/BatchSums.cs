using HunyuanOrleans.Cuda.Compilation;

namespace HunyuanOrleans.Cuda.Kernels;

/// <summary>A lane's sums of a row tile and 4 token tiles, the tokens of which lie 1 KB apart.</summary>
internal struct BatchSums
{
    private const uint TokenTileDistance = 1024;

    public Float4 A;
    public Float4 B;
    public Float4 C;
    public Float4 D;

    /// <summary>Adds the product of a tile of weights.</summary>
    /// <param name="weights">The weights.</param>
    /// <param name="tokens">Address of the lane's activations of the first token tile in shared memory.</param>
    public BatchSums Add<TWeights>(ProductFragment weights, uint tokens)
        where TWeights : struct, IProductWeights
    {
        TWeights type = default;
        return new BatchSums
        {
            A = type.Multiply(weights, Ptx.LoadSharedUint4(tokens), A),
            B = type.Multiply(weights, Ptx.LoadSharedUint4(tokens + TokenTileDistance), B),
            C = type.Multiply(weights, Ptx.LoadSharedUint4(tokens + (2 * TokenTileDistance)), C),
            D = type.Multiply(weights, Ptx.LoadSharedUint4(tokens + (3 * TokenTileDistance)), D),
        };
    }

    /// <summary>Adds the product of a tile of weights with the first two token tiles.</summary>
    /// <inheritdoc cref="Add"/>
    public BatchSums AddTwo<TWeights>(ProductFragment weights, uint tokens)
        where TWeights : struct, IProductWeights
    {
        TWeights type = default;
        return new BatchSums
        {
            A = type.Multiply(weights, Ptx.LoadSharedUint4(tokens), A),
            B = type.Multiply(weights, Ptx.LoadSharedUint4(tokens + TokenTileDistance), B),
            C = C,
            D = D,
        };
    }

    /// <summary>Scales the sums and puts them into shared memory.</summary>
    public void Put<TWeights>(ProductResults results, int tokenTile, int lane, ulong scales, int row)
        where TWeights : struct, IProductWeights
    {
        TWeights type = default;
        results.Put(0, tokenTile, lane, type.ScaleRows(A, scales, row));
        results.Put(0, tokenTile + 1, lane, type.ScaleRows(B, scales, row));
        results.Put(0, tokenTile + 2, lane, type.ScaleRows(C, scales, row));
        results.Put(0, tokenTile + 3, lane, type.ScaleRows(D, scales, row));
    }
}
