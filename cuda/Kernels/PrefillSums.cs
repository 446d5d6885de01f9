using HunyuanOrleans.Cuda.Compilation;

namespace HunyuanOrleans.Cuda.Kernels;

/// <summary>A lane's sums of four row tiles and four token tiles.</summary>
internal struct PrefillSums
{
    private const uint TokenTileBytes = 512;

    public PrefillColumn A;
    public PrefillColumn B;
    public PrefillColumn C;
    public PrefillColumn D;

    /// <summary>Adds the product of a column tile.</summary>
    /// <param name="weights">The weights.</param>
    /// <param name="tokens">Address of the lane's activations of the first token tile in shared memory.</param>
    public PrefillSums Add<TWeights>(PrefillWeights weights, uint tokens)
        where TWeights : struct, IProductWeights => new()
        {
            A = A.Add<TWeights>(weights, Ptx.LoadSharedUint4(tokens)),
            B = B.Add<TWeights>(weights, Ptx.LoadSharedUint4(tokens + TokenTileBytes)),
            C = C.Add<TWeights>(weights, Ptx.LoadSharedUint4(tokens + (2 * TokenTileBytes))),
            D = D.Add<TWeights>(weights, Ptx.LoadSharedUint4(tokens + (3 * TokenTileBytes))),
        };

    /// <summary>Scales the sums and puts them into shared memory.</summary>
    public void Put<TWeights>(ProductResults results, int lane, ulong scales, int rowTile, int rowTiles)
        where TWeights : struct, IProductWeights
    {
        A.Put<TWeights>(results, 0, lane, scales, rowTile, rowTiles);
        B.Put<TWeights>(results, 1, lane, scales, rowTile, rowTiles);
        C.Put<TWeights>(results, 2, lane, scales, rowTile, rowTiles);
        D.Put<TWeights>(results, 3, lane, scales, rowTile, rowTiles);
    }
}
