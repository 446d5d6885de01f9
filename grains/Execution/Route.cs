using HunyuanOrleans.Engine.Placement;
using HunyuanOrleans.Grains.Contracts;
using HunyuanOrleans.Grains.Placement;

namespace HunyuanOrleans.Grains.Execution;

/// <summary>A plan whose holders are ready: the way a step takes. Immutable but for what happened to it.</summary>
/// <param name="Version">Counts the routes of a scheduler, from 1.</param>
/// <param name="Plan">The plan.</param>
/// <param name="Stages">The attention shards in order.</param>
/// <param name="Groups">Keys of all expert groups, copies too.</param>
internal sealed record Route(long Version, PartitionPlan Plan, RouteStage[] Stages, PinnedKey[] Groups)
{
    private volatile bool _broken;

    /// <summary>A step failed on it: it is not to be used again.</summary>
    public bool Broken
    {
        get => _broken;
        set => _broken = value;
    }

    /// <summary>Steps that failed on it in a way that may pass.</summary>
    public int Faults { get; private set; }

    /// <summary>Counts such a step.</summary>
    public void CountFault() => Faults++;

    /// <summary>The stages' keys, as steps carry them.</summary>
    public string[] Keys { get; } = [.. Stages.Select(static stage => stage.Key.ToString())];

    /// <summary>Names of the silos that hold something.</summary>
    public IEnumerable<string> Silos => Stages.Select(static stage => stage.Key.Silo).Concat(Groups.Select(static group => group.Silo)).Distinct();

    /// <summary>Keys of what one silo holds.</summary>
    public string[] HoldersOn(string silo) =>
        [.. Stages.Select(static stage => stage.Key).Concat(Groups).Where(key => key.Silo == silo).Select(static key => key.ToString())];

    /// <summary>True where both have the same holders.</summary>
    public bool SamePlaces(RouteStage[] stages, PinnedKey[] groups) =>
        Stages.Select(static s => s.Key).SequenceEqual(stages.Select(static s => s.Key)) && Groups.SequenceEqual(groups);
}

/// <summary>An attention shard on a route.</summary>
/// <param name="Key">Its key.</param>
/// <param name="Grain">The grain.</param>
internal sealed record RouteStage(PinnedKey Key, IAttentionShardGrain Grain)
{
    /// <summary>One number for the KV memory of each CLA group: another one means that it is empty.</summary>
    public long[] Incarnations { get; init; } = [];
}
