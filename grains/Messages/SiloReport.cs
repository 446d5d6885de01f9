namespace HunyuanOrleans.Grains.Messages;

/// <summary>What a silo holds and what it has sent.</summary>
/// <param name="Name">The silo's name.</param>
/// <param name="Models">The silo's share of each model.</param>
/// <param name="Traffic">Messages that the silo sent.</param>
[GenerateSerializer, Immutable, Alias("hunyuan.silo.report")]
public sealed record SiloReport([property: Id(0)] string Name, [property: Id(1)] HoldingReport[] Models, [property: Id(2)] TrafficReport Traffic);

/// <summary>Messages with rows that a silo has sent since it started.</summary>
/// <param name="Steps">Number of steps sent to another shard.</param>
/// <param name="StepBytes">Bytes of their rows.</param>
/// <param name="ExpertCalls">Number of calls to expert groups on other silos.</param>
/// <param name="ExpertBytes">Bytes of the rows of these calls and of their replies.</param>
/// <param name="ExpertSeconds">Duration of these calls in seconds, including the experts' work.</param>
[GenerateSerializer, Immutable, Alias("hunyuan.traffic")]
public sealed record TrafficReport(
    [property: Id(0)] long Steps,
    [property: Id(1)] long StepBytes,
    [property: Id(2)] long ExpertCalls,
    [property: Id(3)] long ExpertBytes,
    [property: Id(4)] double ExpertSeconds);

/// <summary>A silo's share of one model.</summary>
/// <param name="Model">The model's name.</param>
/// <param name="Holders">Keys of the shards and expert groups on the silo.</param>
/// <param name="WeightBytes">Bytes of weights.</param>
/// <param name="KvBytes">Bytes of reserved KV memory.</param>
/// <param name="Sessions">Number of sessions with a cache on the silo.</param>
/// <param name="ExpertTokens">Tokens that the silo's routers sent to each expert, [layer * experts + expert] over all layers.</param>
/// <param name="Steps">Number of steps that the silo's shards computed.</param>
/// <param name="Device">The device that holds the share; null before anything was loaded.</param>
[GenerateSerializer, Immutable, Alias("hunyuan.holding.report")]
public sealed record HoldingReport(
    [property: Id(0)] string Model,
    [property: Id(1)] string[] Holders,
    [property: Id(2)] long WeightBytes,
    [property: Id(3)] long KvBytes,
    [property: Id(4)] int Sessions,
    [property: Id(5)] long[] ExpertTokens,
    [property: Id(6)] long Steps,
    [property: Id(7)] DeviceReport? Device)
{
    /// <summary>The highest epoch of a scheduler that has called the silo; 0 if none has.</summary>
    [Id(8)]
    public long Epoch { get; init; }

    /// <summary>What is loaded for each route that still needs something here, in any order.</summary>
    [Id(9)]
    public HeldRouteReport[] Routes { get; init; } = [];
}

/// <summary>What a silo has loaded for one route.</summary>
/// <param name="Epoch">Epoch of the scheduler that made the route.</param>
/// <param name="Version">Version of the route.</param>
/// <param name="Groups">Numbers of the CLA groups.</param>
/// <param name="Experts">The experts, as layer * experts + expert.</param>
[GenerateSerializer, Immutable, Alias("hunyuan.held.route")]
public sealed record HeldRouteReport(
    [property: Id(0)] long Epoch, [property: Id(1)] long Version, [property: Id(2)] int[] Groups, [property: Id(3)] int[] Experts);
