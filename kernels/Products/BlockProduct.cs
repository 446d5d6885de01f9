using System.Runtime.CompilerServices;
using HunyuanOrleans.Kernels.CodeGeneration;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Packing;
using HunyuanOrleans.Kernels.Panels;

namespace HunyuanOrleans.Kernels.Products;

/// <summary>
/// Multiplies tokens with blocks of 64 weight rows. The results are float32 sums [tokens, 64] in scratch memory, scaled if the weights are
/// quantised. The division into tiles and chunks changes no bit.
/// </summary>
internal readonly unsafe ref struct BlockProduct
{
    /// <summary>Bytes of scratch memory for one chunk of expanded weights.</summary>
    public const int ExpansionBytes = PanelCode.MaxChunkSteps * PanelKernels.BlockRows * 4;

    // If the first tile would read memory in several passes, so few tiles read all weights ahead, which is faster. Measured.
    private const int TilesReadingAhead = 2;

    // Up to this many tiles, expanding in registers for each tile costs less than expanding to memory once.
    private const int TilesInRegisters = 4;

    /// <summary>The matrix.</summary>
    public required PackedMatrix Weights { get; init; }

    /// <summary>Activations of the first token, in the format that the weights require.</summary>
    public required byte* X { get; init; }

    /// <summary>Bytes from one token to the next.</summary>
    public required long XStride { get; init; }

    /// <summary>Number of tokens.</summary>
    public required int Tokens { get; init; }

    /// <summary>Floats from the sums of one token to those of the next.</summary>
    public required int Width { get; init; }

    /// <summary>The output that the sums will be written to. Its cache lines are prefetched.</summary>
    public required Activation Y { get; init; }

    /// <summary>First row in the output.</summary>
    public required int YRow { get; init; }

    /// <summary>First column in the output.</summary>
    public required int Column { get; init; }

    /// <summary>Scratch memory of <see cref="ExpansionBytes"/>; may be null unless <see cref="NeedsExpansion"/> is true.</summary>
    public required byte* Expansion { get; init; }

    /// <summary>Whether weights are expanded to memory before they are multiplied with this many tokens.</summary>
    public static bool NeedsExpansion(PackedMatrix weights, int tokens) =>
        ExpandsInMemory(weights.FullBlockKernels, tokens) || ExpandsInMemory(weights.LastBlockKernels, tokens);

    /// <summary>Computes the sums of a block.</summary>
    /// <param name="block">Index of the block.</param>
    /// <param name="sums">Receives the sums.</param>
    /// <param name="next">Weights to read ahead, which are needed next, or null.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(int block, float* sums, byte* next)
    {
        BlockKernels kernels = block < Weights.Blocks - 1 ? Weights.FullBlockKernels : Weights.LastBlockKernels;
        switch (Weights.Type)
        {
            case ElementType.F8E4M3Block:
                RunInGroups(kernels, block, sums);
                break;
            case ElementType.U8:
                byte* lower = Weights.LowerPlane(block);
                Run(kernels, Weights.Block(block), sums, lower, isFirst: true);
                Run(kernels, lower, sums, next, isFirst: false);
                break;
            default:
                Run(kernels, Weights.Block(block), sums, next, isFirst: true);
                break;
        }

        if (Weights.Type.IsQuantized())
        {
            Scale(block, sums);
        }
    }

    private void Run(BlockKernels kernels, byte* weights, float* sums, byte* next, bool isFirst)
    {
        if (Tokens <= kernels.Stream.MaxTokens && kernels.Stream.IsOnePass(Tokens))
        {
            RunInOnePass(kernels, weights, sums, isFirst);
        }
        else
        {
            RunInChunks(kernels, weights, sums, next, isFirst);
        }
    }

    private static bool ExpandsInMemory(BlockKernels kernels, int tokens) =>
        kernels.Expanded is not null && tokens > TilesInRegisters * kernels.Stream.MaxTokens;

    private void RunInOnePass(BlockKernels kernels, byte* weights, float* sums, bool isFirst)
    {
        PanelArgs args = Arguments();
        args.W = weights;
        args.Y = sums;
        args.Accumulate = isFirst ? 0 : 1;
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
        if (Weights.KernelType == ElementType.I4)
        {
            args.InitialSums = (int*)(X + ActivationFormat.Of(Weights).InitialSumOffset);
            args.InitialSumStride = XStride;
        }

        return args;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void RunInChunks(BlockKernels kernels, byte* weights, float* sums, byte* next, bool isFirst)
    {
        // If weights are expanded to memory, steps and kernels are those of the expanded weights.
        bool expanded = ExpandsInMemory(kernels, Tokens);
        int factor = expanded ? kernels.ExpansionFactor : 1;
        kernels = expanded ? kernels.Expanded! : kernels;
        PanelArgs args = Arguments();
        int steps = Weights.Steps * factor;
        int unit = PanelKernels.StepUnit * factor;
        long stepBytes = ActivationFormat.StepBytes(Weights) / factor;
        byte* initialSums = (byte*)args.InitialSums;
        int chunks = (steps + kernels.Plain.ChunkSteps - 1) / kernels.Plain.ChunkSteps;
        int chunk = (((steps + chunks - 1) / chunks) + unit - 1) / unit * unit;
        int tileTokens = kernels.Stream.TileTokens;
        int tiles = (Tokens + tileTokens - 1) / tileTokens;
        int stride = kernels.Plain.WeightStride / factor;
        bool readsAhead = expanded || (tiles <= TilesReadingAhead && !kernels.Stream.IsOnePass(tileTokens));
        int passes = readsAhead ? tiles : tiles - 1;
        PanelKernelTable readAhead = kernels.WithReadAhead(passes, factor);
        for (int step = 0; step < steps; step += chunk)
        {
            args.Steps = Math.Min(chunk, steps - step);
            args.Accumulate = step == 0 && isFirst ? 0 : 1;
            byte* source = weights + ((long)step * stride);
            args.W = expanded ? Expand(source, (int)args.Steps / factor, kernels.Plain.Panels) : source;
            byte* ahead = step + chunk < steps ? source + (chunk * (long)stride) : next;
            long left = ahead is null ? 0 : Math.Min(chunk, steps) * (long)stride;
            for (int tile = 0; tile < tiles; tile++)
            {
                // Tiles have nearly equal size, because a small last tile could not hide its latency.
                int token = Tokens * tile / tiles;
                args.X = X + (token * XStride) + (step * stepBytes);
                args.InitialSums = initialSums is null ? null : (int*)(initialSums + (token * XStride)) + (step / unit);
                args.Y = sums + ((long)token * Width);
                args.Tokens = (Tokens * (tile + 1) / tiles) - token;
                if (step + chunk >= steps)
                {
                    OutputWriter.Prefetch(args.Tokens, Y, YRow + token, Column);
                }

                if (tile == 0 && !readsAhead)
                {
                    // The first tile reads from memory what earlier tiles could not read ahead.
                    kernels.Stream.Call(&args);
                }
                else if (left > 0)
                {
                    args.Next = ahead;
                    readAhead.Call(&args);
                    long read = kernels.ReadAheadBytes(passes, factor, args.Steps);
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

    // The sums of each group of columns are scaled before they are added, in the order of the groups.
    private void RunInGroups(BlockKernels kernels, int block, float* sums)
    {
        const int StepsPerGroup = PackedLayout.BlockColumns / 4;
        bool expanded = ExpandsInMemory(kernels, Tokens);
        int factor = expanded ? kernels.ExpansionFactor : 1;
        PanelKernelTable table = (expanded ? kernels.Expanded! : kernels).Plain;
        int stride = kernels.Plain.WeightStride;
        int rows = Weights.PanelsIn(block) * PanelKernels.PanelRows;
        int tiles = (Tokens + table.TileTokens - 1) / table.TileTokens;
        long stepBytes = ActivationFormat.StepBytes(Weights);
        float* scales = (float*)Weights.Scales(block);
        float* group = stackalloc float[PanelKernels.MaxTileTokens * PanelKernels.BlockRows];
        PanelArgs args = Arguments();
        args.Y = group;
        args.YStride = PanelKernels.BlockRows * sizeof(float);
        for (int step = 0; step < Weights.Steps; step += StepsPerGroup, scales += rows)
        {
            int steps = Math.Min(StepsPerGroup, Weights.Steps - step);
            byte* source = Weights.Block(block) + ((long)step * stride);
            args.Steps = steps * factor;
            args.W = expanded ? Expand(source, steps, table.Panels) : source;
            for (int tile = 0; tile < tiles; tile++)
            {
                int token = Tokens * tile / tiles;
                args.X = X + (token * XStride) + (step * stepBytes);
                args.Tokens = (Tokens * (tile + 1) / tiles) - token;
                table.Call(&args);
                Dequantizer.AddScaled(group, args.Tokens, rows, scales, sums + ((long)token * Width), Width, isFirst: step == 0);
            }
        }
    }

    private byte* Expand(byte* source, int steps, int panels) => Weights.Kernels.WidensX(Weights.KernelType)
        ? E4M3Expansion.ExpandToFloats(source, steps, panels, Expansion)
        : E4M3Expansion.Expand(Weights.Kernels.Isa, source, steps, panels, Expansion);

    private void Scale(int block, float* sums)
    {
        int rows = Weights.PanelsIn(block) * PanelKernels.PanelRows;
        byte* tokenScales = X + ActivationFormat.Of(Weights).CodeBytes;
        if (Weights.Type.HasZeroPoints())
        {
            AddZeroPoints(block, sums);
        }

        if (Weights.KernelType == ElementType.I4)
        {
            Dequantizer.Int4(sums, Width, Tokens, rows, tokenScales, XStride);
            return;
        }

        if (Weights.Type == ElementType.F8E4M3Block)
        {
            Dequantizer.E4M3Block(sums, Width, Tokens, rows, tokenScales, XStride, Weights.Kernels.WidensX(Weights.KernelType) ? E4M3Expansion.SumFactor : 1);
            return;
        }

        float* rowScales = (float*)Weights.Scales(block);
        if (Weights.Type == ElementType.F8E4M3)
        {
            Dequantizer.E4M3(sums, Width, Tokens, rows, rowScales, tokenScales, XStride, Weights.Kernels.WidensX(Weights.Type) ? E4M3Expansion.SumFactor : 1);
        }
        else
        {
            Dequantizer.Int8(sums, Width, Tokens, rows, rowScales, tokenScales, XStride, Weights.Kernels.Code.MultipliesSigned ? 0 : 128);
        }
    }

    // Kernels multiply codes as if each zero point was 8 (for an 8-bit code: 8 for its upper half, and 8 for its lower half).
    private void AddZeroPoints(int block, float* sums)
    {
        int panels = Weights.PanelsIn(block);
        byte* plane = Weights.Type == ElementType.U8 ? Weights.LowerPlane(block) : Weights.Block(block);
        ZeroPointSums correction = new()
        {
            Zero = Weights.Type == ElementType.U8 ? (Int4GroupLayout.Zero << 4) + Int4GroupLayout.Zero : Int4GroupLayout.Zero,
            ZeroPoints = Weights.Scales(block),
            Scales = (Half*)(plane + Int4GroupLayout.CodeBytes(panels)),
            ScaleStride = Int4GroupLayout.GroupBytes(panels),
            Rows = panels * PanelKernels.PanelRows,
            Groups = Int4GroupLayout.Count(Weights.Columns),
            InitialSums = (int*)(X + ActivationFormat.Of(Weights).InitialSumOffset),
            InitialSumStride = XStride,
        };
        correction.AddTo(sums, Width, Tokens);
    }
}
