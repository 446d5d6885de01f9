using System.Runtime.CompilerServices;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Packing;
using HunyuanOrleans.Kernels.Panels;

namespace HunyuanOrleans.Kernels.Products;

/// <summary>
/// Some tokens times blocks of 64 rows: float32 sums [tokens, 64] in scratch memory, scaled where the weights are quantised. How it
/// is cut into tiles and chunks changes no bit. It does not know what becomes of the sums.
/// </summary>
internal readonly unsafe ref struct BlockProduct
{
    /// <summary>Scratch memory for the expansion of a chunk of weights, for those that must be expanded.</summary>
    public const int ExpansionBytes = ChunkSteps * PanelKernels.BlockRows * 4;

    // A block that several tiles read is cut along the columns, so that a piece and its successor (256 KB each) stay in the second-level cache.
    private const int ChunkSteps = 1024;

    // A tile of 6 tokens x 4 panels keeps 24 sums in registers.
    private const int TileTokens = 6;

    // Expanding in registers again for each tile costs less than expanding into memory once, up to this many tiles.
    private const int TilesInRegisters = 4;

    /// <summary>The matrix.</summary>
    public required PackedMatrix Weights { get; init; }

    /// <summary>First token's activations, in the form the weights take.</summary>
    public required byte* X { get; init; }

    /// <summary>Bytes from one token to the next.</summary>
    public required long XStride { get; init; }

    /// <summary>Number of tokens.</summary>
    public required int Tokens { get; init; }

    /// <summary>Floats from one token's sums to the next one's.</summary>
    public required int Width { get; init; }

    /// <summary>Where the sums will go: its lines are fetched before.</summary>
    public required Activation Y { get; init; }

    /// <summary>First row there.</summary>
    public required int YRow { get; init; }

    /// <summary>First column there.</summary>
    public required int Column { get; init; }

    /// <summary><see cref="ExpansionBytes"/> of memory, or null where <see cref="NeedsExpansion"/> is not.</summary>
    public required byte* Expansion { get; init; }

    /// <summary>Whether a number of tokens is multiplied with weights that are expanded before.</summary>
    public static bool NeedsExpansion(PackedMatrix weights, int tokens) =>
        ExpandsInMemory(weights.Full, tokens) || ExpandsInMemory(weights.Last, tokens);

    /// <summary>Computes a block's sums.</summary>
    /// <param name="block">Which block.</param>
    /// <param name="sums">Receives the sums.</param>
    /// <param name="next">Weights that will be needed next, or null.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(int block, float* sums, byte* next)
    {
        BlockKernels kernels = block < Weights.Blocks - 1 ? Weights.Full : Weights.Last;
        if (Tokens <= kernels.Stream.MaxTokens)
        {
            AtOnce(kernels, block, sums);
        }
        else
        {
            InChunks(kernels, block, sums, next);
        }

        if (Weights.Type.IsQuantized())
        {
            Scale(block, sums);
        }
    }

    private static bool ExpandsInMemory(BlockKernels kernels, int tokens) =>
        kernels.Expanded is not null && tokens > TilesInRegisters * kernels.Stream.MaxTokens;

    private void AtOnce(BlockKernels kernels, int block, float* sums)
    {
        PanelArgs args = Arguments();
        args.W = Weights.Block(block);
        args.Y = sums;
        args.Steps = Weights.Steps;
        args.Tokens = Tokens;
        kernels.Stream.Call(&args);
    }

    private PanelArgs Arguments()
    {
        PanelArgs args = default;
        args.X = X;
        args.XStride = XStride;
        args.YStride = Width * sizeof(float);
        if (Weights.Type == ElementType.I4)
        {
            args.Starts = (int*)(X + InputForm.Of(Weights).StartOffset);
            args.StartStride = XStride;
        }

        return args;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void InChunks(BlockKernels kernels, int block, float* sums, byte* next)
    {
        // Where weights are expanded into memory, steps and kernels are those of the expanded ones.
        bool expanded = ExpandsInMemory(kernels, Tokens);
        int factor = expanded ? E4M3Expansion.Factor : 1;
        kernels = expanded ? kernels.Expanded! : kernels;
        PanelArgs args = Arguments();
        int steps = Weights.Steps * factor;
        int unit = PanelKernels.StepUnit * factor;
        long stepBytes = InputForm.StepBytes(Weights.Type) / factor;
        byte* starts = (byte*)args.Starts;
        int chunks = (steps + ChunkSteps - 1) / ChunkSteps;
        int chunk = (((steps + chunks - 1) / chunks) + unit - 1) / unit * unit;
        int tileTokens = Math.Min(TileTokens, kernels.Stream.MaxTokens);
        int tiles = (Tokens + tileTokens - 1) / tileTokens;
        int stride = kernels.Plain.WeightStride / factor;
        int passes = expanded ? tiles : tiles - 1;
        PanelTable reading = kernels.ReadingNext(passes, factor);
        for (int step = 0; step < steps; step += chunk)
        {
            args.Steps = Math.Min(chunk, steps - step);
            args.Accumulate = step == 0 ? 0 : 1;
            byte* source = Weights.Block(block) + ((long)step * stride);
            args.W = expanded ? E4M3Expansion.Run(Weights.Kernels.Isa, source, (int)args.Steps / factor, kernels.Plain.Panels, Expansion) : source;
            byte* ahead = step + chunk < steps ? source + (chunk * (long)stride) : next;
            long left = ahead is null ? 0 : Math.Min(chunk, steps) * (long)stride;
            for (int tile = 0; tile < tiles; tile++)
            {
                // Tiles of nearly equal size: a small last one could not hide its latency.
                int token = Tokens * tile / tiles;
                args.X = X + (token * XStride) + (step * stepBytes);
                args.Starts = starts is null ? null : (int*)(starts + (token * XStride)) + (step / unit);
                args.Y = sums + ((long)token * Width);
                args.Tokens = (Tokens * (tile + 1) / tiles) - token;
                if (step + chunk >= steps)
                {
                    SumsOutput.ReadAhead(args.Tokens, Y, YRow + token, Column);
                }

                if (tile == 0 && !expanded)
                {
                    // What the passes before could not read ahead comes from memory now.
                    kernels.Stream.Call(&args);
                }
                else if (left > 0)
                {
                    args.Next = ahead;
                    reading.Call(&args);
                    long read = kernels.NextBytes(passes, factor, args.Steps);
                    ahead += read;
                    left -= read;
                }
                else
                {
                    kernels.Plain.Call(&args);
                }
            }
        }
    }

    private void Scale(int block, float* sums)
    {
        int rows = Weights.PanelsOf(block) * PanelKernels.PanelRows;
        byte* tail = X + InputForm.Of(Weights).CodeBytes;
        if (Weights.Type == ElementType.I4)
        {
            SumsScaling.Tokens(sums, Width, Tokens, rows, tail, XStride);
            return;
        }

        float* scales = (float*)Weights.Scales(block);
        if (Weights.Type == ElementType.F8E4M3)
        {
            SumsScaling.Floats(sums, Width, Tokens, rows, scales, tail, XStride);
        }
        else
        {
            SumsScaling.Integers(sums, Width, Tokens, rows, scales, tail, XStride);
        }
    }
}
