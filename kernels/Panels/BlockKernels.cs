using System.Collections.Concurrent;
using HunyuanOrleans.Kernels.Packing;

namespace HunyuanOrleans.Kernels.Panels;

/// <summary>The kernels that work on one block of packed weights, by what they read ahead. Shared by all matrices of one type.</summary>
internal sealed class BlockKernels
{
    private const int MaxNextLines = 4;
    private static readonly ConcurrentDictionary<(PanelKernels Kernels, ElementType Type, int Panels), BlockKernels> Instances = new();
    private readonly PanelTable[] _next = new PanelTable[MaxNextLines + 1];

    private BlockKernels(PanelKernels kernels, ElementType type, int panels)
    {
        int stride = PackedLayout.StepStride(type, panels);
        Expanded = type == ElementType.F8E4M3 ? Of(kernels, ElementType.BF16, panels) : null;
        Stream = kernels.Table(type, panels, stride, ReadAhead.OwnStream);
        for (int lines = 0; lines <= MaxNextLines; lines++)
        {
            _next[lines] = kernels.Table(type, panels, stride, ReadAhead.NextWeights(lines));
        }
    }

    /// <summary>The kernels for these weights once <see cref="E4M3Expansion"/> has expanded them; null where they are multiplied as they lie.</summary>
    public BlockKernels? Expanded { get; }

    /// <summary>For weights read once, from memory.</summary>
    public PanelTable Stream { get; }

    /// <summary>For weights that stay in cache, with nothing to read ahead.</summary>
    public PanelTable Plain => _next[0];

    public static BlockKernels Of(PanelKernels kernels, ElementType type, int panels) =>
        Instances.GetOrAdd((kernels, type, panels), static key => new BlockKernels(key.Kernels, key.Type, key.Panels));

    /// <summary>For weights read in <paramref name="passes"/> passes that together read ahead as much as one pass reads.</summary>
    /// <param name="passes">Number of passes.</param>
    /// <param name="factor">How many times larger the weights are here than where they are read ahead.</param>
    public PanelTable ReadingNext(int passes, int factor) => _next[NextLines(passes, factor)];

    /// <summary>Bytes that one pass over <paramref name="steps"/> steps reads ahead, as chosen by <see cref="ReadingNext"/>.</summary>
    public long NextBytes(int passes, int factor, long steps) => steps / PanelKernels.StepUnit * NextLines(passes, factor) * 64;

    private int NextLines(int passes, int factor)
    {
        int linesPerGroup = PanelKernels.StepUnit * Plain.WeightStride / 64 / factor;
        return Math.Min(MaxNextLines, (linesPerGroup + passes - 1) / passes);
    }
}
