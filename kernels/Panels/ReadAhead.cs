namespace HunyuanOrleans.Kernels.Panels;

/// <summary>What a generated panel kernel reads ahead of its use. It changes speed, never results.</summary>
/// <param name="Stream">Its own weights, a few kilobytes ahead: for tiles that read them once, from memory.</param>
/// <param name="NextLines">Cache lines of <see cref="PanelArgs.Next"/> in each group of steps: for tiles that read theirs again and again.</param>
internal readonly record struct ReadAhead(bool Stream, int NextLines)
{
    /// <summary>Nothing.</summary>
    public static ReadAhead None => default;

    /// <summary>The kernel's own weights.</summary>
    public static ReadAhead OwnStream => new(true, 0);

    /// <summary>The next weights.</summary>
    public static ReadAhead NextWeights(int lines) => new(false, lines);
}
