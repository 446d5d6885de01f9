using System.Collections.Concurrent;
using HunyuanOrleans.Kernels.Packing;

namespace HunyuanOrleans.Kernels.Panels;

/// <summary>The kernels for one block of packed weights, one for each kind of read-ahead. All matrices of a type share them.</summary>
internal sealed class BlockKernels
{
    private const int MaxNextLines = 16;

    // Measured best for kernels that read their own weights in one pass.
    private const int MaxNextLinesOfOnePass = 4;
    private static readonly ConcurrentDictionary<(PanelKernels Kernels, ElementType Type, int Panels), BlockKernels> Instances = new();
    private readonly PanelKernelTable[] _next = new PanelKernelTable[MaxNextLines + 1];

    private BlockKernels(PanelKernels kernels, ElementType type, int panels)
    {
        int stride = PackedLayout.StepStride(type, panels);
        if (type == ElementType.F8E4M3)
        {
            bool floats = kernels.WidensX(type);
            Expanded = For(kernels, floats ? ElementType.F32 : ElementType.BF16, panels);
            ExpansionFactor = floats ? E4M3Expansion.FloatFactor : E4M3Expansion.PairFactor;
        }

        Stream = kernels.GetTable(type, panels, stride, ReadAhead.OwnStream);
        for (int lines = 0; lines <= MaxNextLines; lines++)
        {
            _next[lines] = kernels.GetTable(type, panels, stride, ReadAhead.NextWeights(lines));
        }
    }

    /// <summary>The kernels for these weights after <see cref="E4M3Expansion"/>; null if the weights are always multiplied as they are.</summary>
    public BlockKernels? Expanded { get; }

    /// <summary>Number of steps of <see cref="Expanded"/> for each step of these weights.</summary>
    public int ExpansionFactor { get; } = 1;

    /// <summary>For weights that are read once from memory.</summary>
    public PanelKernelTable Stream { get; }

    /// <summary>For weights that are in cache, without read-ahead.</summary>
    public PanelKernelTable Plain => _next[0];

    /// <summary>The kernels for a type and a number of panels.</summary>
    public static BlockKernels For(PanelKernels kernels, ElementType type, int panels) =>
        Instances.GetOrAdd((kernels, type, panels), static key => new BlockKernels(key.Kernels, key.Type, key.Panels));

    /// <summary>For weights in cache that are read in <paramref name="passes"/> passes, which together read ahead as many bytes as one pass reads.</summary>
    /// <param name="passes">Number of passes.</param>
    /// <param name="factor">Size of the weights these kernels read, relative to the size in memory of the weights to read ahead.</param>
    public PanelKernelTable WithReadAhead(int passes, int factor) => _next[NextLines(passes, factor)];

    /// <summary>Bytes that one pass over <paramref name="steps"/> steps reads ahead with the kernel of <see cref="WithReadAhead"/>.</summary>
    public long ReadAheadBytes(int passes, int factor, long steps) => steps / PanelKernels.StepUnit * NextLines(passes, factor) * 64;

    private int NextLines(int passes, int factor)
    {
        int linesPerGroup = PanelKernels.StepUnit * Plain.WeightStride / 64 / factor;
        int most = Plain.IsOnePass(Plain.TileTokens) ? MaxNextLinesOfOnePass : MaxNextLines;
        return Math.Min(most, (linesPerGroup + passes - 1) / passes);
    }
}
