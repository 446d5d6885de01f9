using HunyuanOrleans.Cuda.Compilation;

namespace HunyuanOrleans.Cuda.Kernels;

/// <summary>What a lane of <see cref="DecodeProduct"/> has still to copy.</summary>
internal struct DecodeSource
{
    // A warp copies 16 bytes for each lane at once.
    private const int WarpBytes = 512;
    private const int StageTiles = DecodeProduct.StageTiles;

    /// <summary>Address of the lane's next weights.</summary>
    public ulong Weights;

    /// <summary>Address of the lane's next scales.</summary>
    public ulong Scales;

    /// <summary>Address of the lane's next activations.</summary>
    public ulong Tokens;

    /// <summary>16 if the lane has a token, otherwise 0.</summary>
    public int TokenBytes;

    /// <summary>Column tiles to be copied.</summary>
    public int Tiles;

    /// <summary>Starts copying the next stage as a group of copies, which is empty after the last stage.</summary>
    /// <returns>What is left after that.</returns>
    public DecodeSource CopyStage<TWeights>(uint stage, int lane)
        where TWeights : struct, IProductWeights
    {
        TWeights type = default;
        uint weights = stage + ((uint)lane * 16);
        uint scales = weights + (uint)(StageTiles * type.TileBytes);
        uint tokens = scales + (uint)(StageTiles * type.TileScaleBytes);
        if (Tiles >= StageTiles)
        {
            CopyWeights(weights, 0);
            if (type.TileBytes > 256)
            {
                CopyWeights(weights, 2 * WarpBytes);
            }

            if (type.TileBytes > 512)
            {
                CopyWeights(weights, 4 * WarpBytes);
                CopyWeights(weights, 6 * WarpBytes);
            }

            CopyTokens(tokens, 0);
            CopyTokens(tokens, 1);
            CopyTokens(tokens, 2);
            CopyTokens(tokens, 3);
        }
        else
        {
            for (int offset = 0; (lane * 16) + offset < Tiles * type.TileBytes; offset += WarpBytes)
            {
                Ptx.CopyAsync(weights + (uint)offset, Weights + (ulong)offset, 16);
            }

            for (int tile = 0; tile < Tiles; tile++)
            {
                CopyTokens(tokens, tile);
            }
        }

        if (type.TileScaleBytes > 0 && lane * 16 < Tiles * type.TileScaleBytes && lane * 16 < StageTiles * type.TileScaleBytes)
        {
            Ptx.CopyAsync(scales, Scales, 16);
        }

        Ptx.CommitCopies();
        return new DecodeSource
        {
            Weights = Weights + (ulong)(StageTiles * type.TileBytes),
            Scales = Scales + (ulong)(StageTiles * type.TileScaleBytes),
            Tokens = Tokens + (StageTiles * 64),
            TokenBytes = TokenBytes,
            Tiles = Tiles - StageTiles,
        };
    }

    private void CopyWeights(uint shared, int offset)
    {
        Ptx.CopyAsync(shared + (uint)offset, Weights + (ulong)offset, 16);
        Ptx.CopyAsync(shared + (uint)(offset + WarpBytes), Weights + (ulong)(offset + WarpBytes), 16);
    }

    private void CopyTokens(uint shared, int tile) =>
        Ptx.CopyAsync(shared + (uint)(tile * DecodeProduct.TokenTileBytes), Tokens + (ulong)(tile * 64), TokenBytes);
}
