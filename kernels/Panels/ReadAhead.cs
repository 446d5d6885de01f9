namespace HunyuanOrleans.Kernels.Panels;

/// <summary>The memory that a generated panel kernel prefetches. It affects speed, not results.</summary>
/// <param name="Stream">Whether the kernel prefetches its own weights a few kilobytes ahead, for tiles that read them once from memory.</param>
/// <param name="NextLines">Number of cache lines of <see cref="PanelArgs.Next"/>, or of the second address of a piece, to prefetch per group of steps, for tiles whose own weights are in cache.</param>
internal readonly record struct ReadAhead(bool Stream, int NextLines)
{
    /// <summary>No read-ahead.</summary>
    public static ReadAhead None => default;

    /// <summary>Read ahead the kernel's own weights.</summary>
    public static ReadAhead OwnStream => new(true, 0);

    /// <summary>Read ahead the weights that are needed next.</summary>
    public static ReadAhead NextWeights(int lines) => new(false, lines);
}
