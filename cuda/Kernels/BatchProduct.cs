using HunyuanOrleans.Cuda.Compilation;

namespace HunyuanOrleans.Cuda.Kernels;

/// <summary>
/// The product of up to 64 tokens. A block has 4 warps, each with one row tile; they share the tokens. Weights and tokens pass through a ring in
/// shared memory in stages of 2 column tiles.
/// </summary>
internal static class BatchProduct
{
    /// <summary>Tokens of a block.</summary>
    public const int Tokens = 64;

    /// <summary>Row tiles of a block.</summary>
    public const int RowTiles = 4;

    private const int Stages = 4;
    private const int StageTiles = 2;
    private const int TokenTileBytes = 512;
    private const int StageTokenBytes = StageTiles * Tokens / 8 * TokenTileBytes;

    /// <summary>Multiplies. The grid is [4 row tiles, 64 tokens, experts].</summary>
    public static void Run<TWeights>(ProductArguments arguments)
        where TWeights : struct, IProductWeights
    {
        TWeights type = default;
        ProductGroup group = ProductGroup.OfBlock(arguments);
        int firstToken = Ptx.BlockY() * Tokens;
        if (firstToken >= group.Tokens)
        {
            return;
        }

        int lane = Ptx.Thread() & 31;
        int warp = Ptx.Thread() >> 5;
        int rowTile = (Ptx.BlockX() * RowTiles) + warp;

        // A warp after the last row tile takes the last one again, so that it meets the others at barriers.
        int sourceTile = rowTile < arguments.RowTiles ? rowTile : arguments.RowTiles - 1;
        int blockTokens = group.Tokens - firstToken;
        ulong firstTile = (ulong)sourceTile * (ulong)arguments.ColumnTiles;
        ProductSource source = new()
        {
            Weights = group.Weights + (firstTile * (ulong)type.TileBytes),
            Scales = group.Scales + (firstTile * (ulong)type.TileScaleBytes),
            Tokens = ProductTokenCopy.From(arguments, group, firstToken + ((warp >> 1) * 8), distance: 16, lane),
        };
        uint ring = Ptx.Shared();
        uint stageBytes = StageBytes<TWeights>();
        uint ringEnd = ring + (Stages * stageBytes);
        uint fill = ring;
        int tile = 0;
        for (; tile < (Stages - 1) * StageTiles; tile += StageTiles)
        {
            CopyStage<TWeights>(source, fill, tile, arguments.ColumnTiles, warp, lane);
            fill += stageBytes;
        }

        BatchSums low = default;
        BatchSums high = default;
        uint stage = ring;
        for (int first = 0; first < arguments.ColumnTiles; first += StageTiles)
        {
            Ptx.WaitForAllCopiesButTwo();
            Ptx.Barrier();
            CopyStage<TWeights>(source, fill, tile, arguments.ColumnTiles, warp, lane);
            tile += StageTiles;
            fill = fill + stageBytes == ringEnd ? ring : fill + stageBytes;
            int end = arguments.ColumnTiles - first;
            end = end < StageTiles ? end : StageTiles;
            for (int i = 0; i < end; i++)
            {
                uint warpWeights = stage + StageTokenBytes + (uint)(warp * StageTiles * (type.TileBytes + type.TileScaleBytes));
                ProductFragment weights = type.Load(
                    warpWeights + (uint)(i * type.TileBytes), warpWeights + (uint)((StageTiles * type.TileBytes) + (i * type.TileScaleBytes)), lane);
                uint tokens = stage + (uint)((i * TokenTileBytes) + (lane * 16));
                low = blockTokens > 16 ? low.Add<TWeights>(weights, tokens) : low.AddTwo<TWeights>(weights, tokens);
                if (blockTokens > 32)
                {
                    high = high.Add<TWeights>(weights, tokens + (StageTokenBytes / 2));
                }
            }

            stage = stage + stageBytes == ringEnd ? ring : stage + stageBytes;
        }

        Ptx.WaitForCopies();
        Ptx.Barrier();
        if (rowTile < arguments.RowTiles)
        {
            int row = (rowTile * 16) + (lane >> 2);
            ProductResults results = new() { Shared = ring + (uint)(warp * Tokens * ProductResults.StrideOf16Rows), Stride = ProductResults.StrideOf16Rows };
            low.Put<TWeights>(results, 0, lane, group.Scales, row);
            high.Put<TWeights>(results, 4, lane, group.Scales, row);
            Ptx.WarpBarrier();
            results.Store(arguments, group, lane, firstToken, Tokens, rowTile, rowTiles: 1);
        }
    }

    /// <summary>Shared memory of a block in bytes.</summary>
    public static int SharedBytes<TWeights>()
        where TWeights : struct, IProductWeights => Stages * (int)StageBytes<TWeights>();

    private static uint StageBytes<TWeights>()
        where TWeights : struct, IProductWeights =>
        (uint)(StageTokenBytes + (RowTiles * StageTiles * (default(TWeights).TileBytes + default(TWeights).TileScaleBytes)));

    // A stage is [token tile][column tile] of tokens, then [warp] of weights and scales.
    private static void CopyStage<TWeights>(ProductSource source, uint stage, int tile, int tileCount, int warp, int lane)
        where TWeights : struct, IProductWeights
    {
        TWeights type = default;
        int tiles = tileCount - tile;
        if (tiles > 0)
        {
            uint target = stage + StageTokenBytes + (uint)(warp * StageTiles * (type.TileBytes + type.TileScaleBytes));
            ulong weights = source.Weights + ((ulong)tile * (ulong)type.TileBytes);
            ProductCopy.Tile<TWeights>(target, weights, lane);
            if (tiles > 1)
            {
                ProductCopy.Tile<TWeights>(target + (uint)type.TileBytes, weights + (ulong)type.TileBytes, lane);
            }

            if (type.TileScaleBytes > 0)
            {
                ProductCopy.Scales(
                    target + (uint)(StageTiles * type.TileBytes),
                    source.Scales + ((ulong)tile * (ulong)type.TileScaleBytes),
                    (tiles > 1 ? StageTiles : 1) * type.TileScaleBytes,
                    lane);
            }

            // Warps 0 and 2 copy the first column tile, warps 1 and 3 the second.
            int column = warp & 1;
            if (column < tiles)
            {
                source.Tokens.Copy(
                    stage + (uint)((((warp >> 1) * StageTiles) + column) * TokenTileBytes), 2 * StageTiles * TokenTileBytes, tile + column, lane);
            }
        }

        Ptx.CommitCopies();
    }
}
