using HunyuanOrleans.Cuda.Compilation;

namespace HunyuanOrleans.Cuda.Kernels;

/// <summary>
/// The product of up to 8 tokens. A block is one warp and has one row tile, so that all tiles of a matrix are on their way at once. Weights and tokens
/// pass through a ring in shared memory in stages of 4 column tiles.
/// </summary>
internal static class DecodeProduct
{
    /// <summary>Tokens of a block.</summary>
    public const int Tokens = 8;

    /// <summary>Column tiles of a stage.</summary>
    public const int StageTiles = 4;

    /// <summary>Bytes of 8 tokens in a column tile.</summary>
    public const int TokenTileBytes = 512;

    /// <summary>Multiplies. The grid is [row tiles, tiles of 8 tokens, experts].</summary>
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

        int lane = Ptx.Thread();
        int token = firstToken + (lane >> 2);
        int rowTile = Ptx.BlockX();
        int stages = type.DecodeStages;
        int stageBytes = StageBytes<TWeights>();
        uint ring = Ptx.Shared();
        uint ringEnd = ring + (uint)(stages * stageBytes);
        ulong tileOffset = (ulong)rowTile * (ulong)arguments.ColumnTiles;
        DecodeSource source = new()
        {
            Weights = group.Weights + (tileOffset * (ulong)type.TileBytes) + ((ulong)lane * 16),
            Scales = group.Scales + (tileOffset * (ulong)type.TileScaleBytes) + ((ulong)lane * 16),
            Tokens = group.TokenAddress(arguments, token) + ((ulong)(lane & 3) * 16),
            TokenBytes = group.TokenBytes(token),
            Tiles = arguments.ColumnTiles,
        };
        uint fill = ring;
        for (int i = 1; i < stages; i++)
        {
            source = source.CopyStage<TWeights>(fill, lane);
            fill += (uint)stageBytes;
        }

        Float4 sums = default;
        uint stage = ring;
        for (int tiles = arguments.ColumnTiles; tiles > 0; tiles -= StageTiles)
        {
            if (stages == 4)
            {
                Ptx.WaitForAllCopiesButTwo();
            }
            else
            {
                Ptx.WaitForAllCopiesButFour();
            }

            Ptx.WarpBarrier();
            source = source.CopyStage<TWeights>(fill, lane);
            fill = fill + (uint)stageBytes == ringEnd ? ring : fill + (uint)stageBytes;
            if (tiles >= StageTiles)
            {
                sums = Multiply<TWeights>(stage, 0, lane, sums);
                sums = Multiply<TWeights>(stage, 1, lane, sums);
                sums = Multiply<TWeights>(stage, 2, lane, sums);
                sums = Multiply<TWeights>(stage, 3, lane, sums);
            }
            else
            {
                for (int i = 0; i < tiles; i++)
                {
                    sums = Multiply<TWeights>(stage, i, lane, sums);
                }
            }

            stage = stage + (uint)stageBytes == ringEnd ? ring : stage + (uint)stageBytes;
        }

        Ptx.WaitForCopies();
        Ptx.WarpBarrier();
        ProductResults results = new() { Shared = ring, Stride = ProductResults.StrideOf16Rows };
        results.Put(0, 0, lane, type.ScaleRows(sums, group.Scales, (rowTile * 16) + (lane >> 2)));
        Ptx.WarpBarrier();
        results.Store(arguments, group, lane, firstToken, Tokens, rowTile, rowTiles: 1);
    }

    /// <summary>Shared memory of a block in bytes.</summary>
    public static int SharedBytes<TWeights>()
        where TWeights : struct, IProductWeights => default(TWeights).DecodeStages * StageBytes<TWeights>();

    /// <summary>Bytes of a stage: weights, scales, tokens.</summary>
    public static int StageBytes<TWeights>()
        where TWeights : struct, IProductWeights =>
        StageTiles * (default(TWeights).TileBytes + default(TWeights).TileScaleBytes + TokenTileBytes);

    private static Float4 Multiply<TWeights>(uint stage, int tile, int lane, Float4 sums)
        where TWeights : struct, IProductWeights
    {
        TWeights type = default;
        uint scales = stage + (uint)(StageTiles * type.TileBytes);
        uint tokens = scales + (uint)(StageTiles * type.TileScaleBytes);
        ProductFragment weights = type.Load(
            stage + (uint)(tile * type.TileBytes), scales + (uint)(tile * type.TileScaleBytes), lane);
        return type.Multiply(weights, Ptx.LoadSharedUint4(tokens + (uint)((tile * TokenTileBytes) + (lane * 16))), sums);
    }
}
