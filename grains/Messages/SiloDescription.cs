namespace HunyuanOrleans.Grains.Messages;

/// <summary>What a silo announces about itself; the same as its silo metadata, for when that is late.</summary>
/// <param name="Announcement">Names and values of <see cref="Placement.SiloAnnouncement"/>.</param>
/// <param name="Leaving">It is about to stop and takes nothing more.</param>
[GenerateSerializer, Immutable, Alias("hunyuan.silo.description")]
public sealed record SiloDescription(Dictionary<string, string> Announcement, bool Leaving);

/// <summary>What a silo holds and has done.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Models">Its share of each model.</param>
/// <param name="Traffic">What its process sent.</param>
[GenerateSerializer, Immutable, Alias("hunyuan.silo.report")]
public sealed record SiloReport(string Name, HoldingReport[] Models, TrafficReport Traffic);

/// <summary>Messages with rows that a process sent since it began.</summary>
/// <param name="Steps">Steps handed on to another shard.</param>
/// <param name="StepBytes">Bytes of their rows.</param>
/// <param name="ExpertCalls">Calls to expert groups elsewhere.</param>
/// <param name="ExpertBytes">Bytes of their rows, there and back.</param>
/// <param name="ExpertSeconds">Time of these calls, waiting for the experts included.</param>
[GenerateSerializer, Immutable, Alias("hunyuan.traffic")]
public sealed record TrafficReport(long Steps, long StepBytes, long ExpertCalls, long ExpertBytes, double ExpertSeconds);

/// <summary>A silo's share of one model.</summary>
/// <param name="Model">The model.</param>
/// <param name="Holders">Keys of the shards and expert groups on the silo.</param>
/// <param name="WeightBytes">Bytes of weights.</param>
/// <param name="KvBytes">Bytes of KV memory reserved.</param>
/// <param name="Sessions">Sessions with a cache here.</param>
/// <param name="ExpertTokens">Tokens its routers sent to each expert, [layer * experts + expert], for all layers.</param>
/// <param name="Steps">Steps computed by its shards.</param>
[GenerateSerializer, Immutable, Alias("hunyuan.holding.report")]
public sealed record HoldingReport(string Model, string[] Holders, long WeightBytes, long KvBytes, int Sessions, long[] ExpertTokens, long Steps);
