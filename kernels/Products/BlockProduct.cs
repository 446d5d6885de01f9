using System.Runtime.CompilerServices;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Packing;
using HunyuanOrleans.Kernels.Panels;

namespace HunyuanOrleans.Kernels.Products;

/// <summary>
/// One block of 64 rows times some tokens: float32 sums [tokens, 64] in scratch memory, scaled where the weights are quantised. How it
/// is cut into tiles and chunks changes no bit. It does not know what becomes of the sums.
/// </summary>
/// <param name="weights">The matrix.</param>
/// <param name="block">Which block of it.</param>
/// <param name="x">First token's activations, in the form the weights take.</param>
/// <param name="xStride">Bytes from one token to the next.</param>
/// <param name="tokens">Number of tokens.</param>
/// <param name="sums">Receives the sums.</param>
/// <param name="width">Floats from one token's sums to the next one's.</param>
/// <param name="y">Where the sums will go: its lines are fetched before.</param>
/// <param name="yRow">First row there.</param>
/// <param name="column">First column there.</param>
internal readonly unsafe ref struct BlockProduct(
    PackedMatrix weights, int block, byte* x, long xStride, int tokens, float* sums, int width, Activation y, int yRow, int column)
{
    // A block that several tiles read is cut along the columns, so that a piece and its successor (256 KB each) stay in the second-level cache.
    private const int ChunkSteps = 1024;

    // A tile of 6 tokens x 4 panels keeps 24 sums in registers.
    private const int TileTokens = 6;

    private readonly BlockKernels _kernels = block < weights.Blocks - 1 ? weights.Full : weights.Last;

    /// <summary>Computes the sums.</summary>
    /// <param name="next">Weights that will be needed next, or null.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(byte* next)
    {
        if (tokens <= _kernels.Stream.MaxTokens)
        {
            AtOnce();
        }
        else
        {
            InChunks(next);
        }

        if (weights.Type.IsQuantized())
        {
            Scale();
        }
    }

    private void AtOnce()
    {
        PanelArgs args = default;
        args.XStride = xStride;
        args.YStride = width * sizeof(float);
        args.X = x;
        args.W = weights.Block(block);
        args.Y = sums;
        args.Steps = weights.Steps;
        args.Tokens = tokens;
        _kernels.Stream.Call(&args);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void InChunks(byte* next)
    {
        PanelArgs args = default;
        args.XStride = xStride;
        args.YStride = width * sizeof(float);
        int steps = weights.Steps;
        int chunks = (steps + ChunkSteps - 1) / ChunkSteps;
        int chunk = (((steps + chunks - 1) / chunks) + PanelKernels.StepUnit - 1) / PanelKernels.StepUnit * PanelKernels.StepUnit;
        int tiles = (tokens + TileTokens - 1) / TileTokens;
        PanelTable reading = _kernels.ReadingNext(tiles - 1);
        for (int step = 0; step < steps; step += chunk)
        {
            args.Steps = Math.Min(chunk, steps - step);
            args.W = weights.Block(block) + ((long)step * reading.WeightStride);
            args.Accumulate = step == 0 ? 0 : 1;
            byte* ahead = step + chunk < steps ? args.W + (chunk * (long)reading.WeightStride) : next;
            long left = ahead is null ? 0 : Math.Min(chunk, steps) * (long)reading.WeightStride;
            for (int tile = 0; tile < tiles; tile++)
            {
                // Tiles of nearly equal size: a small last one could not hide its latency.
                int token = tokens * tile / tiles;
                args.X = x + (token * xStride) + (step * 4L);
                args.Y = sums + ((long)token * width);
                args.Tokens = (tokens * (tile + 1) / tiles) - token;
                if (step + chunk >= steps)
                {
                    SumsOutput.ReadAhead(args.Tokens, y, yRow + token, column);
                }

                if (tile == 0)
                {
                    // What the passes before could not read ahead comes from memory now.
                    _kernels.Stream.Call(&args);
                }
                else if (left > 0)
                {
                    args.Next = ahead;
                    reading.Call(&args);
                    long read = _kernels.NextBytes(tiles - 1, args.Steps);
                    ahead += read;
                    left -= read;
                }
                else
                {
                    _kernels.Plain.Call(&args);
                }
            }
        }
    }

    private void Scale()
    {
        int rows = weights.PanelsOf(block) * PanelKernels.PanelRows;
        byte* tail = x + InputForm.Of(weights).CodeBytes;
        float* scales = (float*)weights.Scales(block);
        if (weights.Type == ElementType.F8E4M3)
        {
            SumsScaling.Floats(sums, width, tokens, rows, scales, tail, xStride);
        }
        else
        {
            SumsScaling.Integers(sums, width, tokens, rows, scales, tail, xStride);
        }
    }
}
