namespace HunyuanOrleans.Grains.Messages;

/// <summary>The shape of the KV pool. It is the same on every shard of a model, because shards share block numbers and exchange blocks.</summary>
/// <param name="Blocks">Number of blocks.</param>
/// <param name="Format">Name of the storage format of keys and values.</param>
[GenerateSerializer, Immutable, Alias("hunyuan.kv.pool")]
public sealed record KvPoolMessage([property: Id(0)] int Blocks, [property: Id(1)] string Format);
