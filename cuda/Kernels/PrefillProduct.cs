using HunyuanOrleans.Cuda.Compilation;

namespace HunyuanOrleans.Cuda.Kernels;

/// <summary>
/// The product of many tokens. A block has 8 warps and computes 128 rows of 256 tokens: each warp 64 rows of 64 tokens, in 128 registers. Weights and
/// tokens pass through a ring in shared memory in stages of one column tile.
/// </summary>
internal static class PrefillProduct
{
    /// <summary>Tokens of a block.</summary>
    public const int Tokens = 256;

    /// <summary>Row tiles of a block.</summary>
    public const int RowTiles = 8;

    private const int Stages = 4;
    private const int TokenTileBytes = 512;
    private const int StageTokenBytes = Tokens / 8 * TokenTileBytes;

    /// <summary>Multiplies. The grid is [8 row tiles, 256 tokens, experts].</summary>
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
        int firstRowTile = Ptx.BlockX() * RowTiles;

        // A warp copies one row tile and every eighth token tile. Row tiles after the last repeat it.
        int sourceTile = firstRowTile + warp;
        sourceTile = sourceTile < arguments.RowTiles ? sourceTile : arguments.RowTiles - 1;
        ulong firstTile = (ulong)sourceTile * (ulong)arguments.ColumnTiles;
        ProductSource source = new()
        {
            Weights = group.Weights + (firstTile * (ulong)type.TileBytes),
            Scales = group.Scales + (firstTile * (ulong)type.TileScaleBytes),
            Tokens = ProductTokenCopy.From(arguments, group, firstToken + (warp * 8), distance: 64, lane),
        };
        uint ring = Ptx.Shared();
        uint stageBytes = StageBytes<TWeights>();
        uint ringEnd = ring + (Stages * stageBytes);
        uint fill = ring;
        int tile = 0;
        for (; tile < Stages - 1; tile++)
        {
            CopyStage<TWeights>(source, fill, tile, arguments.ColumnTiles, warp, lane);
            fill += stageBytes;
        }

        // Warps 0 to 3 have the upper four row tiles, warps 4 to 7 the lower four.
        int rowTile = warp >> 2 << 2;
        int tokenTile = (warp & 3) * 8;
        uint weightsOffset = StageTokenBytes + (uint)(rowTile * type.TileBytes);
        uint scalesOffset = StageTokenBytes + (uint)((RowTiles * type.TileBytes) + (rowTile * type.TileScaleBytes));
        uint tokensOffset = (uint)((tokenTile * TokenTileBytes) + (lane * 16));
        PrefillSums low = default;
        PrefillSums high = default;
        uint stage = ring;
        for (int i = 0; i < arguments.ColumnTiles; i++)
        {
            Ptx.WaitForAllCopiesButTwo();
            Ptx.Barrier();
            CopyStage<TWeights>(source, fill, tile, arguments.ColumnTiles, warp, lane);
            tile++;
            fill = fill + stageBytes == ringEnd ? ring : fill + stageBytes;
            PrefillWeights weights = PrefillWeights.Load<TWeights>(stage + weightsOffset, stage + scalesOffset, lane);
            low = low.Add<TWeights>(weights, stage + tokensOffset);
            high = high.Add<TWeights>(weights, stage + tokensOffset + (4 * TokenTileBytes));
            stage = stage + stageBytes == ringEnd ? ring : stage + stageBytes;
        }

        Ptx.WaitForCopies();
        Ptx.Barrier();
        rowTile += firstRowTile;
        firstToken += tokenTile * 8;
        ProductResults results = new() { Shared = ring + (uint)(warp * 32 * ProductResults.StrideOf64Rows), Stride = ProductResults.StrideOf64Rows };
        low.Put<TWeights>(results, lane, group.Scales, rowTile, arguments.RowTiles);
        Ptx.WarpBarrier();
        results.Store(arguments, group, lane, firstToken, tokens: 32, rowTile, rowTiles: 4);
        Ptx.WarpBarrier();
        high.Put<TWeights>(results, lane, group.Scales, rowTile, arguments.RowTiles);
        Ptx.WarpBarrier();
        results.Store(arguments, group, lane, firstToken + 32, tokens: 32, rowTile, rowTiles: 4);
    }

    /// <summary>Shared memory of a block in bytes.</summary>
    public static int SharedBytes<TWeights>()
        where TWeights : struct, IProductWeights => Stages * (int)StageBytes<TWeights>();

    private static uint StageBytes<TWeights>()
        where TWeights : struct, IProductWeights =>
        (uint)(StageTokenBytes + (RowTiles * (default(TWeights).TileBytes + default(TWeights).TileScaleBytes)));

    // A stage is [token tile] of tokens, then [row tile] of weights, then [row tile] of scales.
    private static void CopyStage<TWeights>(ProductSource source, uint stage, int tile, int tileCount, int warp, int lane)
        where TWeights : struct, IProductWeights
    {
        TWeights type = default;
        if (tile < tileCount)
        {
            uint target = stage + StageTokenBytes;
            ProductCopy.Tile<TWeights>(target + (uint)(warp * type.TileBytes), source.Weights + ((ulong)tile * (ulong)type.TileBytes), lane);
            if (type.TileScaleBytes > 0)
            {
                target += (uint)((RowTiles * type.TileBytes) + (warp * type.TileScaleBytes));
                ProductCopy.Scales(target, source.Scales + ((ulong)tile * (ulong)type.TileScaleBytes), type.TileScaleBytes, lane);
            }

            source.Tokens.Copy(stage + (uint)(warp * TokenTileBytes), RowTiles * TokenTileBytes, tile, lane);
        }

        Ptx.CommitCopies();
    }
}
