namespace HunyuanOrleans.Engine.Placement;

/// <summary>The order in which experts are distributed over silos.</summary>
public enum ExpertLayout
{
    /// <summary>Layer by layer: experts are on the silo with the attention of their layer. Needs the fewest calls between silos.</summary>
    Stacked,

    /// <summary>Expert by expert: every silo has experts of every layer. Uses the bandwidth of all silos for each layer.</summary>
    Spread,
}
