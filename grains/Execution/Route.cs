using HunyuanOrleans.Engine.Placement;
using HunyuanOrleans.Grains.Contracts;
using HunyuanOrleans.Grains.Placement;

namespace HunyuanOrleans.Grains.Execution;

/// <summary>A partition plan whose weights are loaded: the path of a step through the silos. Immutable except for the record of failures.</summary>
/// <param name="Version">Number of the attempt to load the route, counted from 1 for each scheduler.</param>
/// <param name="Plan">The partition plan.</param>
/// <param name="Stages">The attention shards, in the order of their layers.</param>
/// <param name="Groups">Keys of all expert groups, including replicas.</param>
internal sealed record Route(long Version, PartitionPlan Plan, RouteStage[] Stages, PinnedKey[] Groups)
{
    private volatile bool _broken;

    /// <summary>True once a step failed on the route. It must not be used again.</summary>
    public bool Broken
    {
        get => _broken;
        set => _broken = value;
    }

    /// <summary>Keys of the stages, for step messages.</summary>
    public string[] Keys { get; } = [.. Stages.Select(static stage => stage.Key.ToString())];

    /// <summary>True if more than one silo holds a part of the model.</summary>
    public bool CrossesSilos { get; } = Stages.Select(static stage => stage.Key.Silo).Concat(Groups.Select(static group => group.Silo)).Distinct().Skip(1).Any();

    /// <summary>Names of the silos that hold a part of the model.</summary>
    public IEnumerable<string> Silos => Stages.Select(static stage => stage.Key.Silo).Concat(Groups.Select(static group => group.Silo)).Distinct();

    /// <summary>Keys of the shards and expert groups on one silo.</summary>
    public string[] HoldersOn(string silo) =>
        [.. Stages.Select(static stage => stage.Key).Concat(Groups).Where(key => key.Silo == silo).Select(static key => key.ToString())];

    /// <summary>True if steps cannot be computed without these silos: they have layers, or experts that no other silo has.</summary>
    public bool Needs(IReadOnlyCollection<string> silos) => Stages.Any(stage => silos.Contains(stage.Key.Silo))
        || Groups.Where(group => silos.Contains(group.Silo)).Select(static group => group.Experts).Any(range =>
            Enumerable.Range(range.FirstLayer, range.Layers).Any(layer =>
                Enumerable.Range(range.FirstExpert, range.Experts).Any(expert => Plan.ExpertSilos(layer, expert).All(silos.Contains))));

    /// <summary>True if the route has exactly these stages and groups.</summary>
    public bool HasSamePlaces(RouteStage[] stages, PinnedKey[] groups) =>
        Stages.Select(static s => s.Key).SequenceEqual(stages.Select(static s => s.Key)) && Groups.SequenceEqual(groups);
}

/// <summary>An attention shard on a route.</summary>
/// <param name="Key">Its key.</param>
/// <param name="Grain">The grain.</param>
internal sealed record RouteStage(PinnedKey Key, IAttentionShardGrain Grain)
{
    /// <summary>A number for the KV memory of each CLA group. A number other than before means that the memory is empty.</summary>
    public long[] Incarnations { get; init; } = [];
}
