namespace HunyuanOrleans.Engine.Placement;

/// <summary>A range of layers, both bounds inclusive.</summary>
/// <param name="FirstLayer">First layer.</param>
/// <param name="LastLayer">Last layer.</param>
public readonly record struct LayerRange(int FirstLayer, int LastLayer)
{
    /// <summary>Number of layers.</summary>
    public int Layers => LastLayer - FirstLayer + 1;
}
