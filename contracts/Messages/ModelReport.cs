namespace HunyuanOrleans.Contracts.Messages;

/// <summary>The state of a model in the cluster and which silos hold it.</summary>
[GenerateSerializer, Immutable, Alias("hunyuan.model.report")]
public sealed record ModelReport
{
    /// <summary>The model.</summary>
    [Id(0)]
    public ModelCard Card { get; init; } = null!;

    /// <summary>Name of the silo that runs the model's scheduler.</summary>
    [Id(1)]
    public string SchedulerSilo { get; init; } = "";

    /// <summary>Names of the cluster's active silos.</summary>
    [Id(2)]
    public string[] Silos { get; init; } = [];

    /// <summary>The scheduler's epoch; a later scheduler has a higher one.</summary>
    [Id(3)]
    public long Epoch { get; init; }

    /// <summary>Version of the route in use; 0 before the first.</summary>
    [Id(4)]
    public long Version { get; init; }

    /// <summary>Keys of the attention shards, in the order of their layers.</summary>
    [Id(5)]
    public string[] Stages { get; init; } = [];

    /// <summary>Keys of the expert groups.</summary>
    [Id(6)]
    public string[] Groups { get; init; } = [];

    /// <summary>The engine's statistics.</summary>
    [Id(7)]
    public StatisticsMessage Statistics { get; init; } = new();

    /// <summary>Number of steps that were sent again.</summary>
    [Id(8)]
    public long Retries { get; init; }

    /// <summary>Number of times the route in use changed.</summary>
    [Id(9)]
    public long Switches { get; init; }

    /// <summary>Active silos that take no part in the model, by name, with the reason as one line.</summary>
    [Id(10)]
    public Dictionary<string, string> LeftOut { get; init; } = [];
}
