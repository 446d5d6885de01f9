namespace HunyuanOrleans.Grains.Messages;

/// <summary>The bytes of some KV blocks of one CLA group.</summary>
/// <param name="Group">Index of the CLA group in the model.</param>
/// <param name="Blocks">Block numbers.</param>
/// <param name="Bytes">The bytes of the blocks, in the order of <paramref name="Blocks"/>.</param>
/// <param name="Kind">What computed and stored them; null from a silo of an earlier version, which shares no model with other kinds.</param>
[GenerateSerializer, Immutable, Alias("hunyuan.kv.blocks")]
public sealed record KvBlocksMessage([property: Id(0)] int Group, [property: Id(1)] int[] Blocks, [property: Id(2)] byte[] Bytes, [property: Id(3)] string? Kind);
