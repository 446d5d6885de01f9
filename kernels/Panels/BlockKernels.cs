using System.Collections.Concurrent;

namespace HunyuanOrleans.Kernels.Panels;

/// <summary>The kernels that work on one block of packed weights, by what they read ahead. Shared by all matrices of one type.</summary>
internal sealed class BlockKernels
{
    private const int MaxNextLines = 4;
    private static readonly ConcurrentDictionary<(PanelKernels Kernels, ElementType Type, int Panels), BlockKernels> Instances = new();
    private readonly PanelTable[] _next = new PanelTable[MaxNextLines + 1];

    private BlockKernels(PanelKernels kernels, ElementType type, int panels)
    {
        int stride = panels * PanelKernels.PanelRows * 4;
        Stream = kernels.Table(type, panels, stride, ReadAhead.OwnStream);
        for (int lines = 0; lines <= MaxNextLines; lines++)
        {
            _next[lines] = kernels.Table(type, panels, stride, ReadAhead.NextWeights(lines));
        }
    }

    /// <summary>For weights read once, from memory.</summary>
    public PanelTable Stream { get; }

    /// <summary>For weights that stay in cache, with nothing to read ahead.</summary>
    public PanelTable Plain => _next[0];

    public static BlockKernels Of(PanelKernels kernels, ElementType type, int panels) =>
        Instances.GetOrAdd((kernels, type, panels), static key => new BlockKernels(key.Kernels, key.Type, key.Panels));

    /// <summary>For weights read in <paramref name="passes"/> passes that together read ahead as much as one pass reads.</summary>
    public PanelTable ReadingNext(int passes)
    {
        int linesPerGroup = PanelKernels.StepUnit * Plain.WeightStride / 64;
        return _next[Math.Min(MaxNextLines, (linesPerGroup + passes - 1) / passes)];
    }

    /// <summary>Bytes that one pass over <paramref name="steps"/> steps reads ahead, as chosen by <see cref="ReadingNext"/>.</summary>
    public long NextBytes(int passes, long steps)
    {
        int linesPerGroup = PanelKernels.StepUnit * Plain.WeightStride / 64;
        return steps / PanelKernels.StepUnit * Math.Min(MaxNextLines, (linesPerGroup + passes - 1) / passes) * 64;
    }
}
