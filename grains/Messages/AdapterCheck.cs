namespace HunyuanOrleans.Grains.Messages;

/// <summary>What a silo finds in the folder of an adapter.</summary>
/// <param name="Digest">SHA-256 of everything that the adapter computes with; empty if it cannot be used.</param>
/// <param name="Bytes">Bytes that it takes in memory, over all parts.</param>
/// <param name="Problem">Why the silo cannot use it, for operators; null if it can.</param>
[GenerateSerializer, Immutable, Alias("hunyuan.adapter.check")]
public sealed record AdapterCheck([property: Id(0)] string Digest, [property: Id(1)] long Bytes, [property: Id(2)] string? Problem);
