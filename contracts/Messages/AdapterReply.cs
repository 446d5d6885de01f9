namespace HunyuanOrleans.Contracts.Messages;

/// <summary>Whether an adapter was added to a model.</summary>
/// <param name="Problem">Why it was not, for operators; null if it was.</param>
/// <param name="Bytes">Bytes that it takes in memory, over all parts.</param>
[GenerateSerializer, Immutable, Alias("hunyuan.adapter.reply")]
public sealed record AdapterReply([property: Id(0)] string? Problem, [property: Id(1)] long Bytes);
