namespace HunyuanOrleans.Grains.Messages;

/// <summary>The KV pool that all shards of a model must have, since they share block numbers and take over each other's blocks.</summary>
/// <param name="Blocks">Number of blocks.</param>
/// <param name="Format">How keys and values are stored, by its name.</param>
[GenerateSerializer, Immutable, Alias("hunyuan.kv.pool")]
public sealed record KvPoolMessage(int Blocks, string Format);
