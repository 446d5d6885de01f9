namespace HunyuanOrleans.Engine.Placement;

/// <summary>Along which axis experts are dealt out to silos.</summary>
public enum ExpertLayout
{
    /// <summary>Layer by layer: experts stay beside the attention of their layer. Fewest calls between silos.</summary>
    Stacked,

    /// <summary>Expert by expert: every layer's experts are on all silos, which work at the same time. Most bandwidth for a layer.</summary>
    Spread,
}
