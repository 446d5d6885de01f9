namespace HunyuanOrleans.Engine.Placement;

/// <summary>A range of experts in each layer of a range of layers, all bounds inclusive: one expert group.</summary>
/// <param name="FirstLayer">First layer.</param>
/// <param name="LastLayer">Last layer.</param>
/// <param name="FirstExpert">First expert.</param>
/// <param name="LastExpert">Last expert.</param>
public readonly record struct ExpertRange(int FirstLayer, int LastLayer, int FirstExpert, int LastExpert)
{
    /// <summary>Number of layers.</summary>
    public int Layers => LastLayer - FirstLayer + 1;

    /// <summary>Number of experts in each layer.</summary>
    public int Experts => LastExpert - FirstExpert + 1;
}
