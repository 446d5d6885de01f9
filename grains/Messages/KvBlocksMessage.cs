namespace HunyuanOrleans.Grains.Messages;

/// <summary>Bytes of some KV blocks of one CLA group.</summary>
/// <param name="Group">The CLA group, counted over the model.</param>
/// <param name="Blocks">Block numbers.</param>
/// <param name="Bytes">Their bytes, block after block.</param>
[GenerateSerializer, Immutable, Alias("hunyuan.kv.blocks")]
public sealed record KvBlocksMessage(int Group, int[] Blocks, byte[] Bytes);
