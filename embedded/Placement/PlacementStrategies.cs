namespace Orleans.Runtime;

/// <summary>How a grain class wants to be placed; the director registered for the strategy's type does it.</summary>
public abstract class PlacementStrategy;

/// <summary>On any silo, or on the one that the caller's hint names. The default.</summary>
public sealed class RandomPlacement : PlacementStrategy
{
    internal static RandomPlacement Singleton { get; } = new();
}

/// <summary>On the caller's silo.</summary>
public sealed class PreferLocalPlacement : PlacementStrategy
{
    internal static PreferLocalPlacement Singleton { get; } = new();
}

/// <summary>On the silo that the hash of the grain's identity picks.</summary>
public sealed class HashBasedPlacement : PlacementStrategy
{
    internal static HashBasedPlacement Singleton { get; } = new();
}

internal sealed class StatelessWorkerPlacement(int maxLocal) : PlacementStrategy
{
    public int MaxLocal { get; } = maxLocal > 0 ? maxLocal : Environment.ProcessorCount;
}
