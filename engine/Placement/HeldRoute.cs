namespace HunyuanOrleans.Engine.Placement;

/// <summary>What a silo has loaded for one route, as it reports it. The route may have been abandoned or replaced since.</summary>
/// <param name="Epoch">Epoch of the scheduler that made the route; a later scheduler has a higher one.</param>
/// <param name="Version">Version of the route; a later route of a scheduler has a higher one.</param>
/// <param name="Groups">Numbers of the CLA groups that are loaded.</param>
/// <param name="Experts">The experts that are loaded.</param>
public sealed record HeldRoute(long Epoch, long Version, IReadOnlyList<int> Groups, IReadOnlyList<(int Layer, int Expert)> Experts);

/// <summary>What a silo has loaded of a model.</summary>
/// <param name="Silo">Name of the silo.</param>
/// <param name="Routes">What it has loaded for each route, in any order.</param>
public sealed record SiloHolding(string Silo, IReadOnlyList<HeldRoute> Routes);
